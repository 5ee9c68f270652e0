import {
  type Bound,
  EyrieError,
  monotonicNow,
  type GraphInfo,
  type InferenceRequest,
  type InferenceResult,
  deadlineIn,
  msUntil,
  resolvesWithin,
} from '#core';
import { CostlyRoom } from './costly-room';
import { HarmfulInputs } from './harmful-inputs';
import type { ItemAnswer, ItemFailed, LoadedMessage } from './messages';
import { QueuedRequest, workOf, type Answered } from './queued-request';
import { RequestQueue } from './request-queue';
import { Pace } from './pace';
import type { PredictorOptions } from './predictor-options';
import { shareOfBatch, tooCostly } from './preparation';
import { partsOf, type Stage } from './stage';
import { WorkerPool } from './worker-pool';
import { WorkerLostError, type RunOptions, type WorkerProcess } from './worker-process';

const DEFAULT_MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Batches in flight per worker: while one runs, the next one is decoded. */
const SLOTS_PER_WORKER = 2;

/** Serves one model version: a queue, the workers that empty it, and the batches between them. */
export class Predictor {
  private readonly queue = new RequestQueue();
  private stopping = false;
  private delayTimer: NodeJS.Timeout | undefined;
  private readonly inFlight = new Set<QueuedRequest>();
  private onIdle: (() => void) | undefined;
  private readonly pace: Pace;
  private readonly harmful = new HarmfulInputs();
  private readonly costlyRoom: CostlyRoom;
  /**
   * Of a run at the most: the setting, or the graph's batch dimension where that is fixed; 1 where the setting says so or where the
   * answers of a batch depend on one another.
   */
  readonly maxBatch: number;
  /** Why items run one by one although the setting is another; undefined where they do not. */
  readonly oneByOne: string | undefined;
  /** What else the first runs have shown that somebody should look at, in sentences. */
  readonly doubts: readonly string[];
  readonly loadMs: number;
  readonly warmUpMs: number;
  readonly graph: GraphInfo;

  private constructor(
    private readonly options: PredictorOptions,
    private readonly pool: WorkerPool,
    { loadMs, warmUpMs, fixedBatch, oneByOne, doubts, graph }: LoadedMessage,
  ) {
    this.loadMs = loadMs;
    this.warmUpMs = warmUpMs;
    this.graph = graph;
    this.oneByOne = oneByOne;
    this.doubts = doubts;
    this.pace = new Pace(warmUpMs);
    this.costlyRoom = options.costlyRoom ?? new CostlyRoom(options.runtime.workers);
    const { maxBatch } = options.runtime;
    // A fixed batch dimension is filled up in the worker; a larger batch would only wait for itself.
    this.maxBatch = oneByOne !== undefined || maxBatch === 1 ? 1 : (fixedBatch ?? maxBatch);
  }

  /** Resolves when all workers have loaded the model and warmed up. @throws LoadFailedError, WorkerLostError */
  static async start(options: PredictorOptions): Promise<Predictor> {
    const { task, modelPath, sha256, spec, runtime, maxPixels, observer } = options;
    // Nobody can wait for a worker before there is a predictor.
    const started: { predictor?: Predictor } = {};
    const { pool, loaded } = await WorkerPool.start(
      {
        entry: options.workerEntry,
        load: {
          task,
          modelPath,
          sha256,
          spec,
          threads: runtime.threads,
          maxBatch: runtime.maxBatch,
          maxPixels,
          maxAnswerBytes: options.maxAnswerBytes ?? DEFAULT_MAX_ANSWER_BYTES,
          device: options.device ?? 'cpu',
        },
        workers: runtime.workers,
        loadTimeout: options.loadTimeout ?? { value: 120_000 },
        readTimeout: options.readTimeout ?? { value: 30_000 },
        batchTimeoutMs: options.batchTimeoutMs ?? 60_000,
        maxBackoffMs: options.maxBackoffMs,
        modelFile: options.modelFile,
        startSignal: options.signal,
        onStderr: observer?.onWorkerStderr,
      },
      {
        onReady: () => started.predictor?.dispatch(),
        onLost: (reason) => {
          started.predictor?.refuseWaiting();
          observer?.onWorkerLost?.(reason);
        },
        onRestartFailed: (reason) => {
          started.predictor?.refuseWaiting();
          observer?.onWorkerRestartFailed?.(reason);
        },
      },
    );
    return (started.predictor = new Predictor(options, pool, loaded));
  }

  /** Requests that wait. */
  get queueDepth(): number {
    return this.queue.length;
  }

  /** How many threads of ONNX Runtime each worker has. */
  get threads(): number {
    return this.options.runtime.threads;
  }

  /** Threads that run, or are about to. */
  get busyThreads(): number {
    return this.pool.busy * this.threads;
  }

  /** How many requests may wait. */
  get queueCapacity(): number {
    return this.options.runtime.maxQueue;
  }

  /** @returns `overdue`: those of the ready ones that have a batch and give no sign */
  get workers(): { ready: number; overdue: number; starting: number; restarts: number; pids: number[] } {
    const { ready, overdue, starting, restarts, pids } = this.pool;
    return { ready, overdue, starting, restarts, pids };
  }

  /** Why a worker that was lost could not be replaced when that was last tried; undefined once one has come up. */
  get workerFailure(): string | undefined {
    return this.pool.failure;
  }

  /** False while there is no worker and one could not be started: everything is refused then. */
  get isServing(): boolean {
    return this.pool.isServing;
  }

  /** Its workers have batches and give no sign: if that goes on, they are replaced. */
  get isOverdue(): boolean {
    return this.pool.isOverdue;
  }

  /** Memory of the workers together, bytes. */
  get rssBytes(): number {
    return this.pool.rssBytes;
  }

  /**
   * Why a request that must be answered until `deadline` is not taken on at this moment: there is no worker and one could
   * not be started, too many wait, or the answer would come too late; undefined when it is.
   * @param deadline on performance.now()'s clock
   */
  refusal(
    deadline: number,
    input: Pick<InferenceRequest, 'cost' | 'preparation'> = { cost: 1 },
  ): EyrieError | undefined {
    if (!this.pool.isServing) return this.withoutWorkers();
    const waiting = this.queue.cost;
    // What costs more than the whole queue has room for is taken on when nothing waits.
    if (waiting > 0 && waiting + input.cost > this.options.runtime.maxQueue) {
      const bound = { setting: 'runtime.maxQueue', value: this.options.runtime.maxQueue };
      return this.overloaded(
        `${this.queue.length} requests wait for this model already; try again later`,
        bound,
        input,
      );
    }
    // With nobody before it a request is always tried: how else would be noticed that the version has become faster?
    if (waiting === 0 && this.isFreeFor(input)) return undefined;
    const expected = this.pace.msFor(this.workBefore(input) + workOf(input), isCostly(input));
    if (performance.now() + expected <= deadline) return undefined;
    const seconds = (expected / 1000).toFixed(1);
    return this.overloaded(
      `an answer would take about ${seconds} s, more than the request has left; try again later`,
      'deadline',
      input,
    );
  }

  /**
   * Answers one request.
   * @param onStage is told of each stage of the request when it is over, for traces. All of them come before the answer.
   * @returns what the task's part in the worker made of it, for the task to read
   * @throws EyrieError OVERLOADED, DEADLINE_EXCEEDED, WORKER_FAILED, what the task says of a bad input (INVALID_IMAGE …),
   *   IMAGE_TOO_LARGE for an input that is too costly, HARMFUL_INPUT for one that workers have died of lately,
   *   MODEL_NOT_READY once `stop` has been called, or while `isServing` is false; the signal's reason when it aborts.
   */
  async predict(request: InferenceRequest, onStage?: (stage: Stage) => void): Promise<InferenceResult> {
    const started = performance.now();
    const { output, bytes, work, queueMs, batchCost } = await this.submit(request, started, onStage);
    return {
      output,
      bytes,
      timings: {
        queue: queueMs,
        decode: work.decodeMs,
        inference: work.inferenceMs,
        total: performance.now() - started,
      },
      batchSize: work.batchSize,
      batchCost,
    };
  }

  /** Takes no more requests, answers those it has, then ends the workers; all by force after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    const deadline = deadlineIn(graceMs);
    if (this.queue.length + this.inFlight.size > 0) {
      await resolvesWithin(graceMs, new Promise<void>((resolve) => (this.onIdle = resolve)));
    }
    this.giveUpWaiting();
    clearTimeout(this.delayTimer);
    await this.pool.stop(msUntil(deadline));
    // What a worker that was ended by force had in hand has been put back.
    this.giveUpWaiting();
  }

  private giveUpWaiting(): void {
    for (const request of this.queue.drain()) {
      request.reject(new EyrieError('MODEL_NOT_READY', 'the model was unloaded', { retryAfterSeconds: 1 }));
    }
  }

  private async submit(request: InferenceRequest, now: number, onStage?: (stage: Stage) => void): Promise<Answered> {
    if (this.stopping) {
      throw new EyrieError('MODEL_NOT_READY', 'the model is being unloaded', { retryAfterSeconds: 1 });
    }
    request.signal?.throwIfAborted();
    const refusal =
      tooCostly(request.preparation, this.options.maxPreparation ?? {}) ??
      this.harmfulInput(request) ??
      this.refusal(request.deadline, request);
    if (refusal) throw refusal;
    const queued = new QueuedRequest(request, now, (left) => this.queue.remove(left), onStage);
    this.queue.add(queued);
    queued.stage?.enter('queue');
    this.dispatch();
    return queued.answer;
  }

  /** Hands out batches while there are both requests and free slots. */
  private readonly dispatch = (): void => {
    while (this.dispatchSuspect() || this.dispatchOrdinary() || this.dispatchCostly());
    this.checkIdle();
  };

  /** @returns whether a batch was handed out */
  private dispatchOrdinary(): boolean {
    if (!this.queue.hasOrdinary) return false;
    const worker = this.pool.leastBusy(SLOTS_PER_WORKER);
    if (!worker || this.shouldWaitForMore()) return false;
    void this.runBatch(worker, this.queue.take(this.maxBatch), 'ordinary');
    return true;
  }

  private dispatchCostly(): boolean {
    if (!this.queue.hasCostly) return false;
    const worker = this.pool.forCostly();
    if (!worker || !this.costlyRoom.take(this.dispatch)) return false;
    const run = this.runBatch(worker, [this.queue.takeCostly()!], 'costly');
    void run.then(() => this.costlyRoom.release());
    return true;
  }

  private dispatchSuspect(): boolean {
    if (!this.queue.hasSuspects) return false;
    const worker = this.pool.forSuspect(this.queue.hasOrdinary);
    if (!worker) return false;
    void this.runBatch(worker, [this.queue.takeSuspect()!], 'alone');
    return true;
  }

  /** With a waiting window set, a batch that is not full waits until its oldest request is that old. */
  private shouldWaitForMore(): boolean {
    const { maxDelayMs } = this.options.runtime;
    if (maxDelayMs <= 0 || this.stopping || this.queue.cost >= this.maxBatch) return false;
    const wait = this.queue.oldestEnqueuedAt + maxDelayMs - performance.now();
    if (wait <= 0) return false;
    clearTimeout(this.delayTimer);
    this.delayTimer = setTimeout(() => this.dispatch(), wait);
    return true;
  }

  /** Resolves when the worker has nothing of the batch any more. */
  private async runBatch(
    worker: WorkerProcess,
    taken: QueuedRequest[],
    kind: NonNullable<RunOptions['kind']>,
  ): Promise<void> {
    const sentAt = performance.now();
    // Timers run late when the process is busy: what has expired is not worth a worker's time.
    const batch = taken.filter((request) => {
      if (sentAt < request.deadline) return true;
      const detail = 'the request waited for a worker until its time was up';
      request.reject(new EyrieError('DEADLINE_EXCEEDED', detail, { bound: 'deadline' }));
      return false;
    });
    if (batch.length === 0) return;
    this.options.observer?.onBatch?.(batch.length);
    // Before it is sent: this process may be held up between the two, and the worker be quicker.
    for (const { stage } of batch) stage?.enter('worker', { pid: worker.pid, batchSize: batch.length });
    // Of more than one unit each, such as tensors of many rows.
    const extraCost = batch.reduce((sum, { cost }) => sum + cost - 1, 0);
    const run = worker.run(
      batch.map(({ params, payload, deadline }) => ({ params, payload, deadline: toMonotonic(deadline, sentAt) })),
      (answer) => this.answer(batch[answer.item], answer, sentAt, extraCost),
      { kind, limitMs: this.pace.limitOf(batch) },
    );
    const cancels = batch.map((request, item) => {
      this.inFlight.add(request);
      request.cancelRun = () => {
        run.cancel(item);
        if (batch.every(({ isSettled }) => isSettled)) run.abandon(this.pace.graceOf(batch));
      };
      return request.cancelRun;
    });
    try {
      await run.done;
      if (kind === 'ordinary') this.pace.answered(batch, sentAt, performance.now());
    } catch (error) {
      this.returnBatch(batch, error as Error);
    }
    batch.forEach((request, item) => {
      // It may have been put back, and be in another batch by now.
      if (request.cancelRun !== cancels[item]) return;
      request.cancelRun = undefined;
      this.inFlight.delete(request);
    });
    // A new turn: whoever else learns that the batch is over comes first.
    queueMicrotask(this.dispatch);
  }

  private answer(request: QueuedRequest | undefined, answer: ItemAnswer, sentAt: number, extraCost: number): void {
    if (!request || request.isSettled) return;
    if (answer.kind === 'chunk') return request.chunk(answer.chunk);
    this.pace.worked(request, answer.work);
    const error = answer.kind === 'failed' ? failureOf(answer) : undefined;
    request.stage?.leave(error, partsOf(answer));
    if (answer.kind === 'done') {
      const batchCost = answer.work.batchSize + extraCost;
      return request.resolve({ ...answer, queueMs: sentAt - request.enqueuedAt, batchCost });
    }
    // Given up for its deadline, which has been put off since it was sent.
    if (answer.code === 'DEADLINE_EXCEEDED' && performance.now() < request.deadline) return this.putBack(request);
    request.reject(error);
  }

  /**
   * The worker is gone. Each of its requests gets one more try, with a worker that has nothing else; one of which that worker dies,
   * too, is known for it from then on, unless somebody has killed that worker. While the pool stops there is nobody to try.
   */
  private returnBatch(batch: QueuedRequest[], error: Error): void {
    for (const request of batch) {
      const isSuspect = request.isSuspect;
      const isToBlame = error instanceof WorkerLostError && !error.isFromOutside;
      if (isSuspect && isToBlame && !this.stopping) this.harmful.add(request.payload);
      if (request.isSettled) continue;
      if (isSuspect || !(error instanceof WorkerLostError)) {
        request.reject(new EyrieError('WORKER_FAILED', error.message, { cause: error }));
      } else {
        request.stage?.leave(error);
        request.isSuspect = true;
        this.putBack(request);
      }
    }
  }

  private harmfulInput({ payload }: InferenceRequest): EyrieError | undefined {
    const seconds = this.harmful.refusedFor(payload);
    if (seconds === undefined) return undefined;
    const detail = `two workers of this model died of this very input, one of them while it had nothing else; it is refused for ${seconds} s`;
    return new EyrieError('HARMFUL_INPUT', detail);
  }

  private putBack(request: QueuedRequest): void {
    request.stage?.enter('queue');
    this.queue.putBack(request);
  }

  private isFreeFor(input: Pick<InferenceRequest, 'preparation'>): boolean {
    const worker = isCostly(input) ? this.pool.forCostly() : this.pool.leastBusy(SLOTS_PER_WORKER);
    return worker !== undefined;
  }

  /** Of what waits and of what workers have, as far as it stands in the way of such an input. */
  private workBefore(input: Pick<InferenceRequest, 'preparation'>): number {
    const costly = isCostly(input);
    let work = this.queue.workAhead(costly);
    for (const request of this.inFlight) if (request.isCostly === costly) work += request.work;
    return work;
  }

  private overloaded(detail: string, bound: Bound, input: Pick<InferenceRequest, 'preparation'>): EyrieError {
    const ms = this.pace.msFor(this.workBefore(input), isCostly(input));
    return new EyrieError('OVERLOADED', detail, { bound, retryAfterSeconds: Math.max(1, Math.ceil(ms / 1000)) });
  }

  private withoutWorkers(): EyrieError {
    const detail = `the model has no worker at present, and one could not be started: ${this.pool.failure}`;
    // Loading takes its time, too.
    const retryAfterSeconds = Math.max(2, Math.ceil(this.pool.nextTryInMs / 1000));
    return new EyrieError('MODEL_NOT_READY', detail, { retryAfterSeconds });
  }

  /** What waits for a worker must not wait for one that does not come. */
  private refuseWaiting(): void {
    if (this.pool.isServing) return;
    for (const request of this.queue.drain()) request.reject(this.withoutWorkers());
    this.checkIdle();
  }

  private checkIdle(): void {
    if (this.queue.length + this.inFlight.size === 0) this.onIdle?.();
  }
}

function isCostly({ preparation }: Pick<InferenceRequest, 'preparation'>): boolean {
  return shareOfBatch(preparation) > 1;
}

function failureOf({ code, detail }: ItemFailed): EyrieError {
  // A worker gives an item up for the deadline that it was given, and for nothing else.
  return code === 'DEADLINE_EXCEEDED'
    ? new EyrieError(code, detail, { bound: 'deadline' })
    : EyrieError.told(code, detail);
}

/** A time of performance.now()'s clock, on the one that workers have, too. @param now on the former */
function toMonotonic(time: number, now: number): number {
  return monotonicNow() + (time - now);
}
