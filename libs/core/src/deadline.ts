/**
 * A deadline is a point in time on performance.now()'s clock, in milliseconds: that clock is never set, and everybody in the
 * process may compare with it.
 */
export function deadlineIn(ms: number): number {
  return performance.now() + ms;
}

/** Milliseconds that are left; 0 when the deadline has passed. */
export function msUntil(deadline: number): number {
  return Math.max(0, deadline - performance.now());
}
