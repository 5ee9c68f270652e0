import { backoff } from './backoff';

it.each([
  [1, 1, 0, 1_000],
  [1, 0.5, 0, 500],
  [2, 1, 0, 2_000],
  [4, 1, 0, 8_000],
  [40, 1, 0, 30_000],
  [3, 0, 0, 0],
  [1, 1, 7_000, 7_000],
  [5, 1, 7_000, 16_000],
  [1, 0, 10_000_000, 120_000],
])('after %d failures, with %d drawn and %d ms asked for, waits %d ms', (failures, random, asked, expected) => {
  expect(backoff(failures, random, asked)).toBe(expected);
});
