import type { Measurement } from './setting';

export type Goal = 'throughput' | 'latency' | 'memory';
export const GOALS: readonly Goal[] = ['throughput', 'latency', 'memory'];

/** Differences below this are noise: between settings that are so close, the one that costs less memory is better. */
const AS_GOOD = 0.03;
/** How much of the highest throughput memory may be saved at. */
const ENOUGH_THROUGHPUT = 0.8;

/**
 * The best setting for a goal: the most images a second; the lowest p95; or the least memory among those that give
 * at least 80% of the most images a second.
 * @param p95 milliseconds; settings that are slower are out of the question
 * @returns undefined when all of them are slower
 */
export function choose(measured: readonly Measurement[], goal: Goal, p95 = Infinity): Measurement | undefined {
  const fastEnough = measured.filter((row) => row.p95 <= p95);
  const most = Math.max(...fastEnough.map(({ imagesPerSecond }) => imagesPerSecond));
  const least = Math.min(...fastEnough.map((row) => row.p95));
  const good = fastEnough.filter((row) => {
    if (goal === 'throughput') return row.imagesPerSecond >= most * (1 - AS_GOOD);
    if (goal === 'latency') return row.p95 <= least * (1 + AS_GOOD);
    return row.imagesPerSecond >= most * ENOUGH_THROUGHPUT;
  });
  return good.reduce<Measurement | undefined>((best, row) => (best && !isLeaner(row, best) ? best : row), undefined);
}

function isLeaner(a: Measurement, b: Measurement): boolean {
  if (Math.abs(a.rssBytes - b.rssBytes) > AS_GOOD * b.rssBytes) return a.rssBytes < b.rssBytes;
  return a.imagesPerSecond > b.imagesPerSecond;
}
