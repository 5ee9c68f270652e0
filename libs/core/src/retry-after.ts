/** As RFC 9110, 5.6.7, has dates: IMF-fixdate, and the two that came before it. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT|[A-Z][a-z]+day, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})$/;

/**
 * For how long the header `Retry-After` asks to wait, in seconds or until a date (RFC 9110, 10.2.3). Whoever waits has to bound it.
 * @param date the header `Date` of the same answer: the clock of who has sent it counts, where it is known
 * @returns milliseconds; 0 where there is none, or none that can be read
 */
// eslint-disable-next-line no-restricted-properties -- a date is told, which the clock of the day is needed for
export function retryAfterMs(value: string | null | undefined, date?: string | null, now = Date.now()): number {
  if (!value) return 0;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const until = parsed(value);
  return until === undefined ? 0 : Math.max(0, until - (parsed(date) ?? now));
}

function parsed(date: string | null | undefined): number | undefined {
  if (!date || !HTTP_DATE.test(date)) return undefined;
  const time = Date.parse(date.endsWith('GMT') ? date : `${date} GMT`);
  return Number.isNaN(time) ? undefined : time;
}
