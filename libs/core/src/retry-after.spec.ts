import { retryAfterMs } from './retry-after';

const NOW = Date.UTC(2026, 10, 27, 12, 0, 0);

it.each<[string | null | undefined, string | null | undefined, number]>([
  [undefined, undefined, 0],
  [null, null, 0],
  ['3', undefined, 3000],
  ['Fri, 27 Nov 2026 12:00:07 GMT', undefined, 7000],
  ['Friday, 27-Nov-26 12:00:07 GMT', undefined, 7000],
  ['Fri Nov 27 12:00:07 2026', undefined, 7000],
  ['Fri, 27 Nov 2026 11:00:00 GMT', undefined, 0],
  // Its clock is an hour behind ours.
  ['Fri, 27 Nov 2026 11:00:07 GMT', 'Fri, 27 Nov 2026 11:00:00 GMT', 7000],
  ['Fri, 27 Nov 2026 12:00:07 GMT', 'nonsense', 7000],
  ['-1', undefined, 0],
  ['1.5', undefined, 0],
  ['soon', undefined, 0],
  ['2027', undefined, 2_027_000],
  ['2027-01-01T00:00:00Z', undefined, 0],
  ['Fri, 99 Nov 2026 12:00:07 GMT', undefined, 0],
])('%s, in an answer of %s, asks for %i ms', (value, date, expected) => {
  expect(retryAfterMs(value, date, NOW)).toBe(expected);
});
