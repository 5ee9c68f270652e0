import { Backoff, deadlineIn, msUntil } from '#core';
import type { LoadedMessage } from './messages';
import { LoadFailedError, WorkerProcess, type WorkerProcessOptions } from './worker-process';

export interface WorkerPoolOptions extends WorkerProcessOptions {
  workers: number;
  /** First wait before a dead worker is replaced; doubles up to `maxBackoffMs` while it keeps dying young. */
  minBackoffMs?: number;
  maxBackoffMs?: number;
  /** See PredictorOptions. */
  modelFile?: () => Promise<string>;
  /** See PredictorOptions: of the start alone, not of a replacement. */
  startSignal?: AbortSignal;
}

export interface WorkerPoolEvents {
  /** A worker has come up: there is a free slot. */
  onReady: () => void;
  /** A worker that had been up is gone; a new one is on its way. */
  onLost: (reason: string) => void;
  /** A replacement could not be started; it will be tried again. */
  onRestartFailed: (reason: string) => void;
}

/** A worker that lives this long is taken for healthy, and the next back-off starts small again. */
const HEALTHY_AFTER_MS = 10_000;

/** Keeps a number of workers of one version alive. */
export class WorkerPool {
  private readonly workers = new Set<WorkerProcess>();
  private readonly backoffTimers = new Set<NodeJS.Timeout>();
  private readonly backoff: Backoff;
  private readonly stopping = new AbortController();
  /** How many workers have been replaced. */
  restarts = 0;
  /** Why the last attempt to replace a worker failed; undefined once one has come up. */
  failure: string | undefined;
  /** On performance.now()'s clock. */
  private nextTryAt = 0;

  private constructor(
    private readonly options: WorkerPoolOptions,
    private readonly events: WorkerPoolEvents,
  ) {
    this.backoff = new Backoff({ minMs: options.minBackoffMs ?? 100, maxMs: options.maxBackoffMs ?? 10_000 });
  }

  /**
   * Starts all workers; the first one alone, so that a model that cannot load fails once, not once a worker.
   * @throws LoadFailedError, WorkerLostError
   */
  static async start(
    options: WorkerPoolOptions,
    events: WorkerPoolEvents,
  ): Promise<{ pool: WorkerPool; loaded: LoadedMessage }> {
    const { startSignal } = options;
    startSignal?.throwIfAborted();
    const pool = new WorkerPool(options, events);
    const abort = (): void => pool.stopping.abort(startSignal?.reason);
    startSignal?.addEventListener('abort', abort);
    try {
      const loaded = await pool.startOne();
      await Promise.all(Array.from({ length: options.workers - 1 }, () => pool.startOne()));
      startSignal?.throwIfAborted();
      return { pool, loaded };
    } catch (error) {
      await pool.stop(0);
      throw startSignal?.aborted ? startSignal.reason : error;
    } finally {
      startSignal?.removeEventListener('abort', abort);
    }
  }

  get ready(): number {
    return this.workers.size;
  }

  get starting(): number {
    return Math.max(0, this.options.workers - this.workers.size);
  }

  get pids(): number[] {
    return [...this.workers].map(({ pid }) => pid);
  }

  /** Memory of all workers together, bytes. */
  get rssBytes(): number {
    return [...this.workers].reduce((sum, worker) => sum + worker.rssBytes, 0);
  }

  /** Somebody is there to answer, or will be soon: there is a worker, or it is not known yet that there cannot be one. */
  get isServing(): boolean {
    return this.failure === undefined || [...this.workers].some(({ isUsable }) => isUsable);
  }

  /** Until a worker is started again, milliseconds; 0 while one starts. */
  get nextTryInMs(): number {
    return msUntil(this.nextTryAt);
  }

  /** Workers that have a batch in hand. */
  get busy(): number {
    return [...this.workers].filter((worker) => worker.batchesInFlight > 0).length;
  }

  /** The worker with the fewest batches in flight, if it has less than `slots`. */
  leastBusy(slots: number): WorkerProcess | undefined {
    let best: WorkerProcess | undefined;
    for (const worker of this.workers) {
      if (!worker.isUsable || worker.batchesInFlight >= slots) continue;
      if (!best || worker.batchesInFlight < best.batchesInFlight) best = worker;
    }
    return best;
  }

  /** Ends all workers after what they have in hand, by force after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    for (const timer of this.backoffTimers) clearTimeout(timer);
    await Promise.all([...this.workers].map((worker) => worker.stop(graceMs)));
  }

  private async startOne(load = this.options.load): Promise<LoadedMessage> {
    const { worker, loaded } = await WorkerProcess.start({ ...this.options, load, signal: this.stopping.signal });
    if (this.stopping.signal.aborted) {
      await worker.stop(0);
      return loaded;
    }
    const since = performance.now();
    this.workers.add(worker);
    void worker.exited.then((reason) => {
      this.workers.delete(worker);
      if (this.stopping.signal.aborted) return;
      if (performance.now() - since > HEALTHY_AFTER_MS) this.backoff.reset();
      this.replaceLater();
      this.events.onLost(reason);
    });
    this.failure = undefined;
    this.events.onReady();
    return loaded;
  }

  private replaceLater(): void {
    const waitMs = this.backoff.next();
    const timer = setTimeout(() => {
      this.backoffTimers.delete(timer);
      this.restarts++;
      this.replace().catch((error: Error) => {
        if (this.stopping.signal.aborted) return;
        this.failure = error instanceof LoadFailedError ? `the model no longer loads: ${error.message}` : error.message;
        this.replaceLater();
        this.events.onRestartFailed(this.failure);
      });
    }, waitMs);
    this.nextTryAt = deadlineIn(waitMs);
    this.backoffTimers.add(timer);
  }

  private async replace(): Promise<void> {
    const { load, modelFile } = this.options;
    const modelPath = (await modelFile?.()) ?? load.modelPath;
    // To read the file takes a while: nobody would end a process that is started after the stop.
    if (this.stopping.signal.aborted) return;
    await this.startOne({ ...load, modelPath });
  }
}
