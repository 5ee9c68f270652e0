/** Cumulative counts by upper bound, ascending; the last bound is Infinity. */
export type Buckets = ReadonlyMap<number, number>;

/** What came between two readings of a histogram. */
export function between(before: Buckets, now: Buckets): [bound: number, count: number][] {
  const counts = [...now].map(([bound, count]): [number, number] => [bound, count - (before.get(bound) ?? 0)]);
  return counts.sort(([a], [b]) => a - b);
}

/**
 * Linear inside the bucket that the quantile falls into, as Prometheus' histogram_quantile; beyond the last bound, that bound.
 * @param share 0 to 1
 * @returns in the unit of the bounds; null without observations
 */
export function quantile(buckets: readonly (readonly [bound: number, count: number])[], share: number): number | null {
  const all = buckets.at(-1)?.[1] ?? 0;
  if (all <= 0) return null;
  const wanted = share * all;
  let [lower, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= wanted && count > below) {
      return bound === Infinity ? lower : lower + ((bound - lower) * (wanted - below)) / (count - below);
    }
    [lower, below] = [bound, count];
  }
  return null;
}
