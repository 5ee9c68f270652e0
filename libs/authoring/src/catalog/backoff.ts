const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
/** A server that asks for more than this is not waited for. */
const LONGEST_ASKED_MS = 120_000;

/**
 * How long to wait after the `failures`th failure in a row: a random share of a time that doubles, so that clients
 * which failed together do not come back together.
 * @param random in 0..1
 * @param askedMs what the server asked for, which is the least
 */
export function backoff(failures: number, random: number, askedMs = 0): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.max(Math.round(most * random), Math.min(askedMs, LONGEST_ASKED_MS));
}
