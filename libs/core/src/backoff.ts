export interface BackoffOptions {
  /** The first wait, milliseconds. */
  minMs: number;
  /** No wait is longer. */
  maxMs: number;
  /** By which each wait is longer than the one before. */
  factor?: number;
  /**
   * The share of a wait that is left to chance: with 0.5, a wait of 1,000 ms becomes one of 500 to 1,000. Clients that failed
   * together are not to come back together.
   */
  jitter?: number;
  /** 0 to 1; stands in for chance in tests. */
  random?: () => number;
}

/** How long to wait before something that failed is tried again: exponentially longer, until it is known to work. */
export class Backoff {
  private nextMs: number;

  constructor(private readonly options: BackoffOptions) {
    this.nextMs = options.minMs;
  }

  /** Milliseconds to wait after one more failure, a whole number. */
  next(): number {
    const { maxMs, factor = 2, jitter = 0, random = Math.random } = this.options;
    const most = Math.min(this.nextMs, maxMs);
    this.nextMs = Math.min(most * factor, maxMs);
    return Math.round(most * (1 - jitter * (1 - random())));
  }

  /** It works: the next wait is the first one again. */
  reset(): void {
    this.nextMs = this.options.minMs;
  }
}
