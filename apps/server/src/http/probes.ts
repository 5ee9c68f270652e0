const PROBES = /^\/(health|metrics|grpc\.health\.v1\.Health)(\/|$)/;

/** Probes and scrapes come every few seconds and are not worth a log line or a trace each. */
export function isProbe(path: string): boolean {
  return PROBES.test(path);
}
