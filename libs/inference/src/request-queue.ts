import type { QueuedRequest } from './queued-request';

/**
 * The waiting line of one version, first come first served; what comes back from a worker goes first. Whatever
 * leaves before its turn (deadline, disconnect) is taken out at once and never run.
 */
export class RequestQueue {
  private readonly waiting = new Set<QueuedRequest>();
  private readonly returned = new Set<QueuedRequest>();
  private waitingCost = 0;

  get length(): number {
    return this.waiting.size + this.returned.size;
  }

  /** Of all that wait together. */
  get cost(): number {
    return this.waitingCost;
  }

  /** When the longest waiting request came in; Infinity when none waits. */
  get oldestEnqueuedAt(): number {
    const [first] = this.returned.size > 0 ? this.returned : this.waiting;
    return first?.enqueuedAt ?? Infinity;
  }

  add(request: QueuedRequest): void {
    this.waiting.add(request);
    this.waitingCost += request.cost;
  }

  /** Puts a request that a worker has not answered back, before all that have not run yet. */
  putBack(request: QueuedRequest): void {
    this.returned.add(request);
    this.waitingCost += request.cost;
  }

  remove(request: QueuedRequest): void {
    if (this.waiting.delete(request) || this.returned.delete(request)) this.waitingCost -= request.cost;
  }

  /**
   * Takes the next batch: as many as cost `max` together at the most, or one that costs more. A request that was in a
   * batch when its worker died goes alone: if it is what kills workers, it takes nobody with it.
   */
  take(max: number): QueuedRequest[] {
    const [suspect] = this.returned;
    if (suspect) {
      this.remove(suspect);
      return [suspect];
    }
    const batch: QueuedRequest[] = [];
    let cost = 0;
    for (const request of this.waiting) {
      if (batch.length > 0 && cost + request.cost > max) break;
      cost += request.cost;
      this.remove(request);
      batch.push(request);
      if (cost >= max) break;
    }
    return batch;
  }

  /** Empties the queue. */
  drain(): QueuedRequest[] {
    const all = [...this.returned, ...this.waiting];
    this.returned.clear();
    this.waiting.clear();
    this.waitingCost = 0;
    return all;
  }
}
