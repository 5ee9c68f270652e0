import type { BatchItem, ItemPrediction } from './messages';
import type { StageWatch } from './stage';

/** One image on its way: what to run, until when, and whom to tell. */
export interface QueuedRequest {
  item: BatchItem;
  /** On performance.now()'s clock; past it nobody waits for the answer. It may be put off. */
  readonly deadline: number;
  /** On performance.now()'s clock. */
  enqueuedAt: number;
  /** It was in a batch whose worker died: the next try is the last one, and in a batch of its own. */
  retried: boolean;
  /** The answer, or the error, has been given. */
  settled: boolean;
  resolve: (answer: ItemPrediction & { queueMs: number }) => void;
  reject: (error: unknown) => void;
  /** Where it is now, for whoever is to be told when that is over; undefined where nobody is. */
  stage?: StageWatch;
}

/**
 * The waiting line of one version, first come first served; what comes back from a lost worker goes first. Whatever
 * leaves before its turn (deadline, disconnect) is taken out at once and never run.
 */
export class RequestQueue {
  private readonly waiting = new Set<QueuedRequest>();
  private readonly returned = new Set<QueuedRequest>();

  get length(): number {
    return this.waiting.size + this.returned.size;
  }

  /** When the longest waiting request came in; Infinity when none waits. */
  get oldestEnqueuedAt(): number {
    const [first] = this.returned.size > 0 ? this.returned : this.waiting;
    return first?.enqueuedAt ?? Infinity;
  }

  add(request: QueuedRequest): void {
    this.waiting.add(request);
  }

  /** Puts a request of a lost worker back, before all that have not run yet. */
  putBack(request: QueuedRequest): void {
    request.retried = true;
    this.returned.add(request);
  }

  remove(request: QueuedRequest): void {
    this.waiting.delete(request);
    this.returned.delete(request);
  }

  /**
   * Takes the next batch of at most `max`. A request that was in a batch when its worker died goes alone: if it is
   * what kills workers, it takes nobody with it.
   */
  take(max: number): QueuedRequest[] {
    const [suspect] = this.returned;
    if (suspect) {
      this.returned.delete(suspect);
      return [suspect];
    }
    const batch: QueuedRequest[] = [];
    for (const request of this.waiting) {
      if (batch.length === max) break;
      this.waiting.delete(request);
      batch.push(request);
    }
    return batch;
  }

  /** Empties the queue. */
  drain(): QueuedRequest[] {
    const all = [...this.returned, ...this.waiting];
    this.returned.clear();
    this.waiting.clear();
    return all;
  }
}
