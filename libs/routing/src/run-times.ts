import type { Served } from './outcome-window';

/**
 * The 95th percentiles of two variants' runs, like compared with like: a run of many requests takes longer than one of few, and a
 * variant with more traffic has larger batches. Runs of about the same size are set against each other, in the shares that the
 * first variant has of them (direct standardisation).
 * @returns undefined where less than half of the first variant's runs have anything to be compared with
 */
export function comparableP95(runs: readonly Served[], others: readonly Served[]): [number, number] | undefined {
  const [ours, theirs] = [bySize(runs), bySize(others)];
  const common = [...ours.keys()].filter((size) => theirs.has(size));
  const compared = common.map((size) => ({ runs: ours.get(size)!, weight: 1 }));
  const count = compared.reduce((sum, { runs: { length } }) => sum + length, 0);
  if (count === 0 || count < runs.length / 2) return undefined;
  const weighted = common.map((size) => {
    const [mine, other] = [ours.get(size)!, theirs.get(size)!];
    return { runs: other, weight: mine.length / other.length };
  });
  return [percentile95(compared)!, percentile95(weighted)!];
}

/** 95th percentile, milliseconds; null of nothing. */
export function p95Of(runs: readonly Served[]): number | null {
  return percentile95([{ runs: sorted(runs.map(({ runMs }) => runMs)), weight: 1 }]);
}

/** Durations by size (1, 2, 3 to 4, 5 to 8 and so on), in order. */
function bySize(runs: readonly Served[]): Map<number, Float64Array> {
  const sizes = new Map<number, number[]>();
  for (const { runMs, batchCost } of runs) {
    const size = Math.ceil(Math.log2(batchCost));
    const same = sizes.get(size);
    if (same) same.push(runMs);
    else sizes.set(size, [runMs]);
  }
  return new Map([...sizes].map(([size, durations]) => [size, sorted(durations)]));
}

/** As numbers without boxes, which are sorted ten times as fast. */
function sorted(durations: readonly number[]): Float64Array {
  return Float64Array.from(durations).sort();
}

/** Of groups that are in order, in which each value weighs the same. null of nothing. */
function percentile95(groups: readonly { runs: Float64Array; weight: number }[]): number | null {
  const total = groups.reduce((sum, { runs, weight }) => sum + runs.length * weight, 0);
  const values = groups.length === 1 ? groups[0]!.runs : sorted(groups.flatMap(({ runs }) => [...runs]));
  if (values.length === 0) return null;
  // Sums of fractions are not exact.
  const wanted = total * 0.95 - 1e-9 * total;
  const isEnough = (value: number): boolean =>
    groups.reduce((below, { runs, weight }) => below + countUpTo(runs, value) * weight, 0) >= wanted;
  return values[firstIndex(values.length, (i) => isEnough(values[i]!))]!;
}

function countUpTo(runs: Float64Array, value: number): number {
  return firstIndex(runs.length, (i) => runs[i]! > value);
}

/** The first one for which something holds that holds for all behind it, too; `length` where it holds for none. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
