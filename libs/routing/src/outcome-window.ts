/** What a window says of the requests that fell into it. */
export interface WindowSummary {
  requests: number;
  /** Share of failed requests, 0..1; 0 when there were none. */
  errorRate: number;
  /** 95th percentile of the runs that the successful ones were in, ms; null when there were none. */
  p95: number | null;
}

/** How a request went that a version has answered. */
export interface Served {
  /** Of the run of the model that it was in, milliseconds. */
  runMs: number;
  /** How many requests shared the run. */
  batchSize: number;
}

interface Second {
  second: number;
  requests: number;
  errors: number;
  served: Served[];
}

/** Of one second, so many runs are kept; beyond, each has the same chance to be among them. */
const RUNS_PER_SECOND = 500;

/** The outcomes of the last `seconds` seconds, second by second. */
export class OutcomeWindow {
  private seconds: Second[] = [];

  constructor(private readonly random: () => number = Math.random) {}

  /** @param now seconds @param served null for a failed request */
  add(now: number, served: Served | null): void {
    const second = Math.floor(now);
    let last = this.seconds.at(-1);
    if (last?.second !== second) this.seconds.push((last = { second, requests: 0, errors: 0, served: [] }));
    last.requests++;
    if (served === null) last.errors++;
    else keep(last.served, served, last.requests - last.errors, this.random);
  }

  /** Forgets what is older than `span` seconds and sums up the rest. */
  summary(now: number, span: number): WindowSummary {
    this.seconds = this.seconds.filter(({ second }) => second > now - span);
    const requests = sum(this.seconds.map((second) => second.requests));
    const errors = sum(this.seconds.map((second) => second.errors));
    const p95 = percentile95(this.runs.map(({ runMs }) => ({ runMs, weight: 1 })));
    return { requests, errorRate: requests > 0 ? errors / requests : 0, p95 };
  }

  /** What the last summary was made of. */
  get runs(): readonly Served[] {
    return this.seconds.flatMap((second) => second.served);
  }
}

/**
 * The 95th percentiles of two variants' runs, like compared with like: a run of many requests takes longer than one of few, and a
 * variant with more traffic has larger batches. Runs of about the same size are set against each other, in the shares that the
 * first variant has of them (direct standardisation).
 * @returns undefined where less than half of the first variant's runs have anything to be compared with
 */
export function comparableP95(runs: readonly Served[], others: readonly Served[]): [number, number] | undefined {
  const [ours, theirs] = [bySize(runs), bySize(others)];
  const common = [...ours.keys()].filter((size) => theirs.has(size));
  const compared = common.flatMap((size) => ours.get(size)!);
  if (compared.length === 0 || compared.length < runs.length / 2) return undefined;
  const weighted = common.flatMap((size) => {
    const [mine, other] = [ours.get(size)!, theirs.get(size)!];
    return other.map((runMs) => ({ runMs, weight: mine.length / other.length }));
  });
  return [percentile95(compared.map((runMs) => ({ runMs, weight: 1 })))!, percentile95(weighted)!];
}

/** Durations by size: 1, 2, 3 to 4, 5 to 8 and so on. */
function bySize(runs: readonly Served[]): Map<number, number[]> {
  const sizes = new Map<number, number[]>();
  for (const { runMs, batchSize } of runs) {
    const size = Math.ceil(Math.log2(batchSize));
    const same = sizes.get(size);
    if (same) same.push(runMs);
    else sizes.set(size, [runMs]);
  }
  return sizes;
}

/** null of nothing. */
function percentile95(values: { runMs: number; weight: number }[]): number | null {
  const total = sum(values.map(({ weight }) => weight));
  let below = 0;
  for (const { runMs, weight } of values.sort((a, b) => a.runMs - b.runMs)) {
    below += weight;
    // Sums of fractions are not exact.
    if (below >= total * 0.95 - 1e-9 * total) return runMs;
  }
  return null;
}

/** Reservoir sampling (Vitter 1985, algorithm R): `seen` counts this one, too. */
function keep<T>(sample: T[], value: T, seen: number, random: () => number): void {
  if (sample.length < RUNS_PER_SECOND) sample.push(value);
  else {
    const place = Math.floor(random() * seen);
    if (place < RUNS_PER_SECOND) sample[place] = value;
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
