import { DrainRate } from './drain-rate';
import type { Work } from './messages';
import { PREPARATION_MS_PER_IMAGE, type QueuedRequest } from './queued-request';

/** An answer may take so many times what is expected: the rest of the machine has something to do, too. */
const SAFETY_FACTOR = 1.25;
/** How much of what was known before a new measurement leaves, where it says less. */
const FADING = 0.95;
/** A worker that is silent for so long hangs, plus so many times what a run and the preparation of the batch take. */
const HANGS_AFTER = { ms: 5_000, runs: 20, preparations: 10 };
/** The same of a batch that nobody waits for any more. */
const ENDED_AFTER = { ms: 1_000, runs: 4, preparations: 4 };

/** How fast a version's workers are, learnt from what they do. */
export class Pace {
  private readonly rate = new DrainRate();
  /** The longest that a run has taken lately, milliseconds. */
  private longestRun: number;
  /** How many times as long as foretold it takes to prepare a costly input here. */
  private slowness = 1;

  /** @param warmUpMs how long the first runs took */
  constructor(warmUpMs: number) {
    this.longestRun = warmUpMs;
  }

  /** An ordinary batch is answered. @param sentAt @param now on performance.now()'s clock */
  answered(batch: readonly QueuedRequest[], sentAt: number, now: number): void {
    this.rate.answered(
      batch.reduce((sum, { work }) => sum + work, 0),
      sentAt,
      now,
    );
  }

  /** What a worker says of one request. */
  worked({ isCostly, preparation }: QueuedRequest, work: Partial<Work> | undefined): void {
    if (work?.inferenceMs !== undefined) this.longestRun = Math.max(work.inferenceMs, this.longestRun * FADING);
    if (!isCostly || !preparation || work?.decodeMs === undefined) return;
    const slowness = Math.min(10, Math.max(0.1, work.decodeMs / preparation.ms));
    this.slowness += (slowness - this.slowness) / 4;
  }

  /** In how many milliseconds so much work will have been done at the latest, if nothing goes wrong. */
  msFor(work: number, isCostly: boolean): number {
    const ms = isCostly ? work * PREPARATION_MS_PER_IMAGE * this.slowness : this.rate.msFor(work, performance.now());
    return ms * SAFETY_FACTOR;
  }

  /** For how long a worker that has this batch may be silent, milliseconds. */
  limitOf(batch: readonly QueuedRequest[]): number {
    return this.timeOf(batch, HANGS_AFTER);
  }

  /** The same when nobody waits for the batch any more. */
  graceOf(batch: readonly QueuedRequest[]): number {
    return this.timeOf(batch, ENDED_AFTER);
  }

  private timeOf(batch: readonly QueuedRequest[], { ms, runs, preparations }: typeof HANGS_AFTER): number {
    const preparation = batch.reduce((sum, request) => sum + (request.preparation?.ms ?? 0), 0);
    return ms + runs * this.longestRun + preparations * Math.max(1, this.slowness) * preparation;
  }
}
