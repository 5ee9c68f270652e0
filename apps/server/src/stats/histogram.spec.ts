import { between, quantile } from './histogram';

describe('a quantile of a histogram', () => {
  it.each([
    [
      'in the middle of a bucket',
      [
        [1, 0],
        [2, 10],
        [Infinity, 10],
      ],
      0.5,
      1.5,
    ],
    [
      'in the first bucket',
      [
        [1, 4],
        [2, 4],
        [Infinity, 4],
      ],
      0.25,
      0.25,
    ],
    [
      'beyond the last bound',
      [
        [1, 0],
        [2, 1],
        [Infinity, 10],
      ],
      0.95,
      2,
    ],
    [
      'of nothing',
      [
        [1, 0],
        [Infinity, 0],
      ],
      0.5,
      null,
    ],
  ] as [string, [number, number][], number, number | null][])('%s', (_, buckets, share, expected) => {
    expect(quantile(buckets, share)).toBe(expected);
  });
});

it('what lies between two readings is sorted by bound, whatever came first', () => {
  const before = new Map([
    [1, 3],
    [Infinity, 5],
  ]);
  const now = new Map([
    [Infinity, 9],
    [1, 4],
    [2, 2],
  ]);
  expect(between(before, now)).toEqual([
    [1, 1],
    [2, 2],
    [Infinity, 4],
  ]);
});
