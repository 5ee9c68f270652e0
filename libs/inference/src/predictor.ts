import { DrainRate } from './drain-rate';
import { EyrieError } from '#core';
import type { Device, ItemResult } from './messages';
import type { ModelSpec, RuntimeSpec } from './model-spec';
import type { Prediction } from './prediction';
import { RequestQueue, type QueuedRequest } from './request-queue';
import { partsOf, StageWatch, type Stage } from './stage';
import { WorkerPool } from './worker-pool';
import { workerEntry, WorkerLostError, type WorkerProcess } from './worker-process';

/** Batches in flight per worker: while one runs, the next one is decoded. */
const SLOTS_PER_WORKER = 2;

/** An answer may take so many times what is expected: the rest of the machine has something to do, too. */
const PRUDENCE = 1.25;

/** What holds for all versions alike. */
export interface InferenceSettings {
  /** Images with more pixels than this are refused before they are decoded. */
  maxPixels: number;
  device?: Device;
  loadTimeoutMs?: number;
  /** A worker that does not answer a batch for so long is replaced. */
  batchTimeoutMs?: number;
  /** The longest wait before a worker that keeps dying is replaced again. */
  maxBackoffMs?: number;
}

export interface PredictorOptions extends InferenceSettings {
  spec: ModelSpec;
  runtime: RuntimeSpec;
  observer?: PredictorObserver;
  /**
   * Asked before a lost worker is replaced, which may be long after the start: where the file of `spec` is now. It throws
   * when that is not the file that it was, so that all workers of a version give the same answers.
   */
  modelFile?: () => Promise<string>;
}

/** Is told what happens inside, for logs and metrics. */
export interface PredictorObserver {
  onBatch?: (size: number) => void;
  onWorkerLost?: (reason: string) => void;
  onWorkerRestartFailed?: (reason: string) => void;
  onWorkerStderr?: (line: string) => void;
}

export interface PredictOptions {
  topK: number;
  /** On performance.now()'s clock. Read again when it is over: it may have been put off meanwhile. */
  readonly deadline: number;
  /** Aborted when nobody waits for the answer any more. */
  signal?: AbortSignal;
  /** Is told of each stage of the request when it is over, for traces. All of them come before the answer. */
  onStage?: (stage: Stage) => void;
}

/** Serves one model version: a queue, the workers that empty it, and the batches between them. */
export class Predictor {
  private readonly queue = new RequestQueue();
  private pool!: WorkerPool;
  private stopping = false;
  private delayTimer: NodeJS.Timeout | undefined;
  private inFlight = new Set<QueuedRequest>();
  private onIdle: (() => void) | undefined;
  private readonly rate = new DrainRate();
  /** Images per run at the most: the setting, or the graph's batch dimension where that is fixed. */
  maxBatch: number;
  loadMs = 0;
  warmUpMs = 0;

  private constructor(private readonly options: PredictorOptions) {
    this.maxBatch = options.runtime.maxBatch;
  }

  /** Resolves when all workers have loaded the model and warmed up. @throws LoadFailedError, WorkerLostError */
  static async start(options: PredictorOptions): Promise<Predictor> {
    const { spec, runtime, maxPixels, observer } = options;
    const predictor = new Predictor(options);
    const { pool, loaded } = await WorkerPool.start(
      {
        entry: workerEntry(),
        load: {
          spec,
          threads: runtime.threads,
          maxBatch: runtime.maxBatch,
          maxPixels,
          device: options.device ?? 'cpu',
        },
        workers: runtime.workers,
        loadTimeoutMs: options.loadTimeoutMs ?? 120_000,
        batchTimeoutMs: options.batchTimeoutMs ?? 60_000,
        maxBackoffMs: options.maxBackoffMs,
        modelFile: options.modelFile,
        onStderr: observer?.onWorkerStderr,
      },
      {
        onReady: () => predictor.dispatch(),
        onLost: (reason) => {
          predictor.refuseWaiting();
          observer?.onWorkerLost?.(reason);
        },
        onRestartFailed: (reason) => {
          predictor.refuseWaiting();
          observer?.onWorkerRestartFailed?.(reason);
        },
      },
    );
    predictor.pool = pool;
    predictor.loadMs = loaded.loadMs;
    predictor.warmUpMs = loaded.warmUpMs;
    // A fixed batch dimension is filled up with zeros in the worker; a larger batch would only wait for itself.
    predictor.maxBatch = loaded.fixedBatch ?? runtime.maxBatch;
    return predictor;
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

  get workers(): { ready: number; starting: number; restarts: number; pids: number[] } {
    const { ready, starting, restarts, pids } = this.pool;
    return { ready, starting, restarts, pids };
  }

  /** Why a worker that was lost could not be replaced when that was last tried; undefined once one has come up. */
  get workerFailure(): string | undefined {
    return this.pool.failure;
  }

  /** False while there is no worker and one could not be started: everything is refused then. */
  get isServing(): boolean {
    return this.pool.isServing;
  }

  /** Memory of the workers together, bytes. */
  get rssBytes(): number {
    return this.pool.rssBytes;
  }

  /**
   * Why an image that must be answered until `deadline` is not taken on at this moment: there is no worker and one could
   * not be started, too many wait, or the answer would come too late; undefined when it is.
   * @param deadline on performance.now()'s clock
   */
  refusal(deadline: number): EyrieError | undefined {
    if (!this.pool.isServing) return this.withoutWorkers();
    const ahead = this.queue.length + this.inFlight.size;
    const retryAfterSeconds = Math.max(1, Math.ceil(this.rate.msFor(ahead) / 1000));
    const { maxQueue } = this.options.runtime;
    if (this.queue.length >= maxQueue) {
      const detail = `${maxQueue} requests wait for this model already; try again later`;
      return new EyrieError('OVERLOADED', detail, { retryAfterSeconds });
    }
    // With nobody before it an image is always tried: how else would be noticed that the version has become faster?
    if (this.queue.length === 0 && this.pool.leastBusy(SLOTS_PER_WORKER)) return undefined;
    const expected = this.rate.msFor(ahead + 1);
    if (performance.now() + expected * PRUDENCE <= deadline) return undefined;
    const seconds = (expected / 1000).toFixed(1);
    const detail = `an answer would take about ${seconds} s, more than the request has left; try again later`;
    return new EyrieError('OVERLOADED', detail, { retryAfterSeconds });
  }

  /**
   * Classifies one image, given as the bytes of its file.
   * @throws EyrieError OVERLOADED, DEADLINE_EXCEEDED, INVALID_IMAGE, IMAGE_TOO_LARGE, WORKER_FAILED,
   *   MODEL_NOT_READY once `stop` has been called, or while `isServing` is false; the signal's reason when it aborts.
   */
  async predict(image: Uint8Array, options: PredictOptions): Promise<Prediction> {
    const started = performance.now();
    const answer = await this.submit(image, options, started);
    const labels = this.options.spec.labels;
    return {
      classes: answer.top.map(({ classId, confidence }) => ({
        class_id: classId,
        label: labels[classId]!,
        confidence,
      })),
      timings: {
        queue: answer.queueMs,
        decode: answer.decodeMs,
        inference: answer.inferenceMs,
        total: performance.now() - started,
      },
      batchSize: answer.batchSize,
    };
  }

  /** Takes no more requests, answers those it has, then ends the workers; all by force after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    const giveUpAt = performance.now() + graceMs;
    if (this.queue.length + this.inFlight.size > 0) {
      const idle = new Promise<void>((resolve) => (this.onIdle = resolve));
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([idle, new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)))]);
      clearTimeout(timer);
    }
    this.giveUpWaiting();
    clearTimeout(this.delayTimer);
    await this.pool.stop(Math.max(0, giveUpAt - performance.now()));
    // What a worker that was ended by force had in hand has been put back.
    this.giveUpWaiting();
  }

  private giveUpWaiting(): void {
    for (const request of this.queue.drain()) {
      request.reject(new EyrieError('MODEL_NOT_READY', 'the model was unloaded', { retryAfterSeconds: 1 }));
    }
  }

  private submit(image: Uint8Array, options: PredictOptions, now: number) {
    const { topK, signal, onStage } = options;
    return new Promise<Parameters<QueuedRequest['resolve']>[0]>((resolve, reject) => {
      if (this.stopping) {
        throw new EyrieError('MODEL_NOT_READY', 'the model is being unloaded', { retryAfterSeconds: 1 });
      }
      signal?.throwIfAborted();
      const refusal = this.refusal(options.deadline);
      if (refusal) throw refusal;
      const settle = (): boolean => {
        if (request.settled) return false;
        request.settled = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', leave);
        this.queue.remove(request);
        return true;
      };
      const request: QueuedRequest = {
        item: { image, topK },
        get deadline() {
          return options.deadline;
        },
        enqueuedAt: now,
        retried: false,
        settled: false,
        resolve: (answer) => settle() && resolve(answer),
        reject: (error) => {
          if (!settle()) return;
          request.stage?.leave(error);
          reject(error);
        },
        stage: onStage && new StageWatch(onStage),
      };
      const leave = (): void => request.reject(signal!.reason);
      const expire = (): void => {
        const left = options.deadline - performance.now();
        if (left >= 1) timer = setTimeout(expire, left);
        else request.reject(new EyrieError('DEADLINE_EXCEEDED', 'no answer within the time limit of the request'));
      };
      let timer = setTimeout(expire, Math.max(0, options.deadline - now));
      this.queue.add(request);
      request.stage?.enter('queue');
      signal?.addEventListener('abort', leave, { once: true });
      this.dispatch();
    });
  }

  /** Hands out batches while there are both requests and free slots. */
  private dispatch(): void {
    if (!this.pool) return;
    while (this.queue.length > 0) {
      const worker = this.pool.leastBusy(SLOTS_PER_WORKER);
      if (!worker || this.shouldWaitForMore()) return;
      this.runBatch(worker, this.queue.take(this.maxBatch));
    }
    this.checkIdle();
  }

  /** With a waiting window set, a batch that is not full waits until its oldest request is that old. */
  private shouldWaitForMore(): boolean {
    const { maxDelayMs } = this.options.runtime;
    if (maxDelayMs <= 0 || this.stopping || this.queue.length >= this.maxBatch) return false;
    const wait = this.queue.oldestEnqueuedAt + maxDelayMs - performance.now();
    if (wait <= 0) return false;
    clearTimeout(this.delayTimer);
    this.delayTimer = setTimeout(() => this.dispatch(), wait);
    return true;
  }

  private runBatch(worker: WorkerProcess, taken: QueuedRequest[]): void {
    const sentAt = performance.now();
    // Timers run late when the process is busy: what has expired is not worth a worker's time.
    const batch = taken.filter((request) => {
      if (sentAt < request.deadline) return true;
      request.reject(new EyrieError('DEADLINE_EXCEEDED', 'the request waited for a worker until its time was up'));
      return false;
    });
    if (batch.length === 0) return;
    for (const request of batch) {
      this.inFlight.add(request);
      request.stage?.enter('worker', { pid: worker.pid, batchSize: batch.length });
    }
    this.options.observer?.onBatch?.(batch.length);
    worker
      .run(batch.map(({ item }) => item))
      .then(
        (results) => this.answer(batch, results, sentAt),
        (error: Error) => this.returnBatch(batch, error),
      )
      .finally(() => {
        for (const request of batch) this.inFlight.delete(request);
        this.dispatch();
      });
  }

  private answer(batch: QueuedRequest[], results: ItemResult[], sentAt: number): void {
    if (results.length !== batch.length) {
      const error = new EyrieError('WORKER_FAILED', `the worker answered ${results.length} of ${batch.length} images`);
      for (const request of batch) request.reject(error);
      return;
    }
    this.rate.answered(batch.length, sentAt, performance.now());
    batch.forEach((request, i) => {
      const result = results[i]!;
      const error = result.ok ? undefined : new EyrieError(result.code, result.detail);
      request.stage?.leave(error, partsOf(result));
      if (result.ok) request.resolve({ ...result, queueMs: sentAt - request.enqueuedAt });
      else request.reject(error);
    });
  }

  /** The worker is gone. Each of its requests gets one more try; while the pool stops there is nobody to try. */
  private returnBatch(batch: QueuedRequest[], error: Error): void {
    for (const request of batch) {
      if (request.settled) continue;
      if (request.retried || !(error instanceof WorkerLostError)) {
        request.reject(new EyrieError('WORKER_FAILED', error.message, { cause: error }));
      } else {
        request.stage?.leave(error);
        request.stage?.enter('queue');
        this.queue.putBack(request);
      }
    }
  }

  private withoutWorkers(): EyrieError {
    const detail = `the model has no worker at present, and one could not be started: ${this.pool.failure}`;
    // Loading takes its time, too.
    const retryAfterSeconds = Math.max(2, Math.ceil(this.pool.nextTryInMs / 1000));
    return new EyrieError('MODEL_NOT_READY', detail, { retryAfterSeconds });
  }

  /** What waits for a worker must not wait for one that does not come. */
  private refuseWaiting(): void {
    if (!this.pool || this.pool.isServing) return;
    for (const request of this.queue.drain()) request.reject(this.withoutWorkers());
    this.checkIdle();
  }

  private checkIdle(): void {
    if (this.queue.length + this.inFlight.size === 0) this.onIdle?.();
  }
}
