import { EyrieError, type InferenceRequest, type Preparation } from '#core';
import type { ItemDone } from './messages';
import { shareOfBatch } from './preparation';
import { StageWatch, type Stage } from './stage';

/** What a worker has made of a request, how long the request had waited for it, and what its batch cost. */
export type Answered = ItemDone & { queueMs: number; batchCost: number };

/** One request on its way: what to run, until when, and whom to tell. It is settled once, whoever comes first. */
export class QueuedRequest {
  readonly answer: Promise<Answered>;
  /** A worker died while it had this request: the next try is the last one, with a worker that has nothing else. */
  isSuspect = false;
  /** Calls it back from the worker that has it; undefined while none has. */
  cancelRun: (() => void) | undefined;
  readonly stage: StageWatch | undefined;
  private settled = false;
  private timer: NodeJS.Timeout;
  private settle!: { resolve: (answer: Answered) => void; reject: (error: unknown) => void };

  /**
   * @param enqueuedAt on performance.now()'s clock
   * @param onLeave is called when it needs no place in the queue any more
   */
  constructor(
    private readonly request: InferenceRequest,
    readonly enqueuedAt: number,
    private readonly onLeave: (request: QueuedRequest) => void,
    onStage: ((stage: Stage) => void) | undefined,
  ) {
    this.answer = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    this.share = shareOfBatch(request.preparation);
    this.stage = onStage && new StageWatch(onStage);
    this.timer = setTimeout(this.expire, Math.max(0, request.deadline - enqueuedAt));
    request.signal?.addEventListener('abort', this.abandon, { once: true });
  }

  get params(): object {
    return this.request.params;
  }

  get payload(): readonly Uint8Array[] {
    return this.request.payload;
  }

  get preparation(): Preparation | undefined {
    return this.request.preparation;
  }

  get cost(): number {
    return this.request.cost;
  }

  /** Of what may be prepared for one batch; see `shareOfBatch`. */
  readonly share: number;

  /** It would hold up those that it shares a batch with. */
  get isCostly(): boolean {
    return this.share > 1;
  }

  /** What it takes of the workers' time, in images that are prepared in no time. */
  get work(): number {
    return workOf(this.request);
  }

  /** On performance.now()'s clock; past it nobody waits for the answer. It may be put off. */
  get deadline(): number {
    return this.request.deadline;
  }

  /** The answer, or the error, has been given. */
  get isSettled(): boolean {
    return this.settled;
  }

  chunk(chunk: unknown): void {
    if (!this.settled) this.request.onChunk?.(chunk);
  }

  resolve(answer: Answered): void {
    if (this.end()) this.settle.resolve(answer);
  }

  reject(error: unknown): void {
    if (!this.end()) return;
    this.stage?.leave(error);
    this.settle.reject(error);
  }

  private end(): boolean {
    if (this.settled) return false;
    this.settled = true;
    clearTimeout(this.timer);
    this.request.signal?.removeEventListener('abort', this.abandon);
    this.onLeave(this);
    return true;
  }

  private readonly abandon = (): void => {
    this.reject(this.request.signal?.reason);
    this.cancelRun?.();
  };

  private readonly expire = (): void => {
    const left = this.request.deadline - performance.now();
    if (left >= 1) {
      this.timer = setTimeout(this.expire, left);
      return;
    }
    this.reject(
      new EyrieError('DEADLINE_EXCEEDED', 'no answer within the time limit of the request', { bound: 'deadline' }),
    );
    this.cancelRun?.();
  };
}

/** Milliseconds of preparation that weigh as much as one more image in a run. */
export const PREPARATION_MS_PER_IMAGE = 10;

/** See `QueuedRequest.work`. */
export function workOf({ cost, preparation }: Pick<InferenceRequest, 'cost' | 'preparation'>): number {
  return cost + (preparation?.ms ?? 0) / PREPARATION_MS_PER_IMAGE;
}
