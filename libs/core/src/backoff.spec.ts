import { Backoff } from './backoff';

const waits = (backoff: Backoff, count: number) => Array.from({ length: count }, () => backoff.next());

it.each([
  ['doubles up to the longest', { minMs: 100, maxMs: 1_000 }, [100, 200, 400, 800, 1_000, 1_000]],
  ['grows by its factor', { minMs: 10, maxMs: 1_000, factor: 3 }, [10, 30, 90, 270, 810, 1_000]],
  ['is never longer than the longest, not even the first time', { minMs: 500, maxMs: 50 }, [50, 50]],
  ['stays where it grows by nothing', { minMs: 70, maxMs: 1_000, factor: 1 }, [70, 70, 70]],
])('a wait %s', (_, options, expected) => {
  expect(waits(new Backoff(options), expected.length)).toEqual(expected);
});

it.each([
  [0, 0, [1_000, 2_000, 4_000]],
  [0.5, 0, [500, 1_000, 2_000]],
  [0.5, 0.5, [750, 1_500, 3_000]],
  [0.5, 1, [1_000, 2_000, 4_000]],
  [1, 0, [0, 0, 0]],
  [1, 0.25, [250, 500, 1_000]],
])('with a jitter of %d, of which %d is drawn, the waits are %j', (jitter, random, expected) => {
  const backoff = new Backoff({ minMs: 1_000, maxMs: 30_000, jitter, random: () => random });
  expect(waits(backoff, 3)).toEqual(expected);
});

it('chance leaves the growth of what comes after as it is', () => {
  const draws = [0, 1, 1];
  const backoff = new Backoff({ minMs: 100, maxMs: 1_000, jitter: 1, random: () => draws.shift()! });
  expect(waits(backoff, 3)).toEqual([0, 200, 400]);
});

it('two that failed together do not come back together', () => {
  const pairs = Array.from({ length: 20 }, () => {
    const options = { minMs: 10_000, maxMs: 10_000, jitter: 0.5 };
    return [new Backoff(options).next(), new Backoff(options).next()] as const;
  });
  expect(pairs.every(([one, other]) => one === other)).toBe(false);
});

it('what works again begins with the first wait when it fails', () => {
  const backoff = new Backoff({ minMs: 100, maxMs: 1_000 });
  waits(backoff, 5);
  backoff.reset();
  expect(waits(backoff, 2)).toEqual([100, 200]);
});

it('waits stay finite, however often it fails', () => {
  expect(waits(new Backoff({ minMs: 1, maxMs: 30_000 }), 5_000).at(-1)).toBe(30_000);
});
