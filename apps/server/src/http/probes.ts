import type { Request } from 'express';

const PROBES = /^\/(health|metrics)(\/|$)/;

/** Probes and scrapes come every few seconds and are not worth a log line or a trace each. */
export function isProbe(req: Request): boolean {
  return PROBES.test(pathOf(req));
}

/** Without the query. Express shortens `path` inside the static files of /docs. */
export function pathOf(req: Request): string {
  return req.originalUrl.split('?', 1)[0]!;
}
