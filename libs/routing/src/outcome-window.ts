/** What a window says of the requests that fell into it. */
export interface WindowSummary {
  requests: number;
  /** Share of failed requests, 0..1; 0 when there were none. */
  errorRate: number;
  /** 95th percentile of the latency of the successful ones, ms; null when there were none. */
  p95: number | null;
}

interface Second {
  second: number;
  requests: number;
  errors: number;
  latencies: number[];
}

/** Of one second, so many latencies are kept; beyond, each has the same chance to be among them. */
const LATENCIES_PER_SECOND = 500;

/** The outcomes of the last `seconds` seconds, second by second. */
export class OutcomeWindow {
  private seconds: Second[] = [];

  constructor(private readonly random: () => number = Math.random) {}

  /** @param now seconds @param latencyMs of a successful request; null for a failed one */
  add(now: number, latencyMs: number | null): void {
    const second = Math.floor(now);
    let last = this.seconds.at(-1);
    if (last?.second !== second) this.seconds.push((last = { second, requests: 0, errors: 0, latencies: [] }));
    last.requests++;
    if (latencyMs === null) last.errors++;
    else keep(last.latencies, latencyMs, last.requests - last.errors, this.random);
  }

  /** Forgets what is older than `span` seconds and sums up the rest. */
  summary(now: number, span: number): WindowSummary {
    this.seconds = this.seconds.filter(({ second }) => second > now - span);
    const requests = sum(this.seconds.map((second) => second.requests));
    const errors = sum(this.seconds.map((second) => second.errors));
    const latencies = this.seconds.flatMap((second) => second.latencies).sort((a, b) => a - b);
    const p95 = latencies.length > 0 ? latencies[Math.ceil(latencies.length * 0.95) - 1]! : null;
    return { requests, errorRate: requests > 0 ? errors / requests : 0, p95 };
  }
}

/** Reservoir sampling (Vitter 1985, algorithm R): `seen` counts this one, too. */
function keep(sample: number[], value: number, seen: number, random: () => number): void {
  if (sample.length < LATENCIES_PER_SECOND) sample.push(value);
  else {
    const place = Math.floor(random() * seen);
    if (place < LATENCIES_PER_SECOND) sample[place] = value;
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
