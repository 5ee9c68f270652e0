/**
 * Milliseconds on the system's monotonic clock. All processes of a machine read the same one, whereas performance.now()
 * counts from the start of its own process, and the time of day may be set back.
 */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
