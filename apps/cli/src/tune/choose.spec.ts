import { choose } from './choose';
import type { Measurement } from './setting';

const MIB = 1024 * 1024;
const row = (imagesPerSecond: number, p95: number, mib: number): Measurement => ({
  workers: 1,
  threads: 1,
  maxBatch: 1,
  imagesPerSecond,
  p50: p95 / 2,
  p95,
  rssBytes: mib * MIB,
});
const fast = row(100, 200, 400);
const prompt = row(70, 50, 300);
const lean = row(85, 120, 150);

it.each([
  ['throughput', fast],
  ['latency', prompt],
  ['memory', lean],
] as const)('knows what is best for %s', (goal, best) => {
  expect(choose([prompt, fast, lean], goal)).toBe(best);
});

it('saves no memory at the cost of a fifth of the throughput', () => {
  expect(choose([fast, row(79, 100, 100)], 'memory')).toBe(fast);
});

it('takes the leaner one of two that are equally fast within the noise', () => {
  const leaner = row(98, 210, 300);
  expect(choose([fast, leaner], 'throughput')).toBe(leaner);
  expect(choose([leaner, fast], 'throughput')).toBe(leaner);
  const faster = row(102, 200, 401);
  expect(choose([fast, faster], 'throughput')).toBe(faster);
});

it('leaves out what is too slow, and says so when everything is', () => {
  expect(choose([fast, prompt, lean], 'throughput', 150)).toBe(lean);
  expect(choose([fast, prompt, lean], 'throughput', 10)).toBeUndefined();
  expect(choose([], 'latency')).toBeUndefined();
});
