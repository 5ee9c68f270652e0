import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff, deadlineIn, msUntil } from '#core';
import type { LoadedMessage, LoadMessage } from './messages';
import { LoadFailedError, WorkerLostError, WorkerProcess, type WorkerProcessOptions } from './worker-process';

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
/** One that has answered is healthy, too, whatever it died of then; so many a minute may be replaced without a longer wait. */
const LOSSES_A_MINUTE = 5;
/** The longest wait where workers die of what they are given, and not of themselves. */
const MAX_WAIT_OF_THE_HEALTHY_MS = 1_000;
/** So long after the last loss there is one worker more than asked for, so that one that is lost leaves no gap. */
const SPARE_FOR_MS = 60_000;

/** For so long a start is tried again that the system refuses for now, milliseconds. */
const PATIENCE_MS = 5_000;
/** What fork(2) and pipe(2) fail with while there is not enough of something. */
const PASSING: ReadonlySet<unknown> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

function isPassing(error: unknown): boolean {
  return error instanceof WorkerLostError && PASSING.has((error.cause as NodeJS.ErrnoException | undefined)?.code);
}

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
  /** When workers were lost that had answered before, the last minute's; on performance.now()'s clock. */
  private losses: number[] = [];
  private spareTimer: NodeJS.Timeout | undefined;
  private isSpareStarting = false;
  /** What the next worker is told. */
  private load: LoadMessage;

  private constructor(
    private readonly options: WorkerPoolOptions,
    private readonly events: WorkerPoolEvents,
  ) {
    this.load = options.load;
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
      const loaded = await pool.startFirst();
      const maxBatch = loaded.oneByOne === undefined ? pool.load.maxBatch : 1;
      pool.load = { ...pool.load, isProven: true, maxBatch };
      await Promise.all(Array.from({ length: options.workers - 1 }, () => pool.startFirst()));
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

  /** How many of them have a batch and give no sign, for half as long as they may. */
  get overdue(): number {
    return [...this.workers].filter((worker) => worker.isUsable && worker.isOverdue).length;
  }

  /** There are workers, and none of them gives a sign. */
  get isOverdue(): boolean {
    const usable = [...this.workers].filter((worker) => worker.isUsable);
    return usable.length > 0 && usable.every((worker) => worker.isOverdue);
  }

  /** Until a worker is started again, milliseconds; 0 while one starts. */
  get nextTryInMs(): number {
    return msUntil(this.nextTryAt);
  }

  /** Workers that have a batch in hand. */
  get busy(): number {
    return [...this.workers].filter((worker) => worker.batchesInFlight > 0).length;
  }

  /** The worker with the fewest batches in flight, if it has less than `slots`; none that must have nothing else. */
  leastBusy(slots: number): WorkerProcess | undefined {
    let best: WorkerProcess | undefined;
    let fewest = slots;
    for (const worker of this.workers) {
      if (!worker.isUsable || worker.inFlight('alone') > 0) continue;
      const batches = worker.inFlight('ordinary');
      if (batches < fewest) [best, fewest] = [worker, batches];
    }
    return best;
  }

  /** A worker that prepares no costly input at present. */
  forCostly(): WorkerProcess | undefined {
    return [...this.workers].find(
      (worker) => worker.isUsable && worker.inFlight('alone') === 0 && worker.inFlight('costly') === 0,
    );
  }

  /** A worker with nothing in hand, for what may end it; where others wait, only if another worker is left for them. */
  forSuspect(othersWait: boolean): WorkerProcess | undefined {
    const usable = [...this.workers].filter((worker) => worker.isUsable);
    const isOneLeft = usable.filter((worker) => worker.inFlight('alone') === 0).length > 1;
    const willBeMore = this.isSpareStarting || this.workers.size < this.options.workers;
    if (!isOneLeft && (othersWait || willBeMore)) return undefined;
    return usable.find((worker) => worker.batchesInFlight === 0);
  }

  /** Ends all workers after what they have in hand, by force after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.spareTimer);
    for (const timer of this.backoffTimers) clearTimeout(timer);
    await Promise.all([...this.workers].map((worker) => worker.stop(graceMs)));
  }

  /** A system that has no process, descriptor or memory to give may have one a moment later; a version need not fail for that. */
  private async startFirst(): Promise<LoadedMessage> {
    const backoff = new Backoff({ minMs: 100, maxMs: 1_000 });
    const until = deadlineIn(PATIENCE_MS);
    for (;;) {
      try {
        return await this.startOne();
      } catch (error) {
        if (!isPassing(error) || msUntil(until) === 0 || this.stopping.signal.aborted) throw error;
        await sleep(backoff.next());
      }
    }
  }

  private async startOne(load = this.load): Promise<LoadedMessage> {
    const { worker, loaded } = await WorkerProcess.start({ ...this.options, load, signal: this.stopping.signal });
    if (this.stopping.signal.aborted) {
      await worker.stop(0);
      return loaded;
    }
    const since = performance.now();
    this.workers.add(worker);
    void worker.exited.then((reason) => {
      this.workers.delete(worker);
      if (this.stopping.signal.aborted || worker.isRetired) return;
      this.keepSpare();
      const waitMs = this.waitAfter(worker, since);
      if (this.workers.size < this.options.workers) this.replaceLater(waitMs);
      else this.later(waitMs, () => void this.startSpare(worker));
      this.events.onLost(reason);
    });
    this.failure = undefined;
    this.events.onReady();
    if (this.spareTimer) void this.startSpare(worker);
    return loaded;
  }

  /** How long to wait before a worker is replaced that has been up, milliseconds. */
  private waitAfter(worker: WorkerProcess, since: number): number {
    const now = performance.now();
    if (now - since > HEALTHY_AFTER_MS || worker.hasAnswered) this.backoff.reset();
    if (!worker.hasAnswered) return this.backoff.next();
    this.losses = [...this.losses.filter((at) => now - at < 60_000), now];
    const wait = this.backoff.next();
    const extra = this.losses.length - LOSSES_A_MINUTE;
    return extra > 0 ? Math.min(wait * 2 ** extra, MAX_WAIT_OF_THE_HEALTHY_MS) : wait;
  }

  private keepSpare(): void {
    clearTimeout(this.spareTimer);
    this.spareTimer = setTimeout(() => {
      this.spareTimer = undefined;
      this.retireSpare();
    }, SPARE_FOR_MS);
    this.spareTimer.unref();
  }

  /** One worker more, once there are as many as asked for; where there is no memory for it, there is none. */
  private async startSpare(like: WorkerProcess): Promise<void> {
    if (this.isSpareStarting || this.workers.size !== this.options.workers) return;
    if (process.availableMemory() < 2 * like.rssBytes) return;
    this.isSpareStarting = true;
    try {
      await this.startOne({ ...this.load, modelPath: await this.modelPath() });
    } catch {
      // It was not asked for, and the next loss tries again.
    } finally {
      this.isSpareStarting = false;
      // What waited for it must not wait any longer.
      if (!this.stopping.signal.aborted) this.events.onReady();
    }
  }

  /** When nothing has been lost for some time: after what it has in hand. */
  private retireSpare(): void {
    if (this.workers.size <= this.options.workers) return;
    const [spare] = [...this.workers].sort((a, b) => a.batchesInFlight - b.batchesInFlight);
    void spare?.retire();
  }

  private replaceLater(waitMs: number): void {
    this.nextTryAt = deadlineIn(waitMs);
    this.later(waitMs, () => {
      this.restarts++;
      this.replace().catch((error: Error) => {
        if (this.stopping.signal.aborted) return;
        this.failure = error instanceof LoadFailedError ? `the model no longer loads: ${error.message}` : error.message;
        this.replaceLater(this.backoff.next());
        this.events.onRestartFailed(this.failure);
      });
    });
  }

  private later(waitMs: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.backoffTimers.delete(timer);
      then();
    }, waitMs);
    this.backoffTimers.add(timer);
  }

  private async replace(): Promise<void> {
    const modelPath = await this.modelPath();
    // To read the file takes a while: nobody would end a process that is started after the stop.
    if (this.stopping.signal.aborted) return;
    await this.startOne({ ...this.load, modelPath });
  }

  /** @throws when there is none */
  private async modelPath(): Promise<string> {
    return (await this.options.modelFile?.()) ?? this.load.modelPath;
  }
}
