import type { QueuedRequest } from './queued-request';

/**
 * The waiting line of one version, first come first served. Two kinds of requests do not stand in it with the others: those that
 * are costly to prepare, which would hold up a batch, and those that a worker had when it died. Whatever leaves before its turn
 * (deadline, disconnect) is taken out at once and never run.
 */
export class RequestQueue {
  private readonly waiting = new Set<QueuedRequest>();
  private readonly costly = new Set<QueuedRequest>();
  private readonly returned = new Set<QueuedRequest>();
  private readonly suspects = new Set<QueuedRequest>();
  private waitingCost = 0;

  get length(): number {
    return this.waiting.size + this.costly.size + this.returned.size + this.suspects.size;
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

  /** Whether any request waits that may share a batch. */
  get hasOrdinary(): boolean {
    return this.waiting.size + this.returned.size > 0;
  }

  /** What stands in the way of a request of the same kind: the work of those that wait, in the units of `QueuedRequest.work`. */
  workAhead(isCostly: boolean): number {
    let work = 0;
    for (const line of isCostly ? [this.costly] : [this.returned, this.waiting]) {
      for (const request of line) work += request.work;
    }
    return work;
  }

  add(request: QueuedRequest): void {
    (request.isCostly ? this.costly : this.waiting).add(request);
    this.waitingCost += request.cost;
  }

  /** Puts a request that a worker has given back, before all that have not been with one yet. */
  putBack(request: QueuedRequest): void {
    const line = request.isSuspect ? this.suspects : request.isCostly ? this.costly : this.returned;
    line.add(request);
    this.waitingCost += request.cost;
  }

  remove(request: QueuedRequest): void {
    for (const line of [this.waiting, this.costly, this.returned, this.suspects]) {
      if (line.delete(request)) this.waitingCost -= request.cost;
    }
  }

  /** Takes the next batch: as many as cost `max` together at the most, and not too much to prepare; or one that is more. */
  take(max: number): QueuedRequest[] {
    const batch: QueuedRequest[] = [];
    let cost = 0;
    let share = 0;
    for (const request of [...this.returned, ...first(this.waiting, max)]) {
      if (batch.length > 0 && (cost + request.cost > max || share + request.share > 1)) break;
      cost += request.cost;
      share += request.share;
      this.remove(request);
      batch.push(request);
      if (cost >= max) break;
    }
    return batch;
  }

  takeCostly(): QueuedRequest | undefined {
    return this.takeFirst(this.costly);
  }

  get hasCostly(): boolean {
    return this.costly.size > 0;
  }

  /** A request that was with a worker when that died. If it is what kills workers, it must take nobody with it. */
  takeSuspect(): QueuedRequest | undefined {
    return this.takeFirst(this.suspects);
  }

  get hasSuspects(): boolean {
    return this.suspects.size > 0;
  }

  /** Empties the queue. */
  drain(): QueuedRequest[] {
    const all = [...this.suspects, ...this.returned, ...this.waiting, ...this.costly];
    for (const request of all) this.remove(request);
    return all;
  }

  private takeFirst(line: Set<QueuedRequest>): QueuedRequest | undefined {
    const [next] = line;
    if (next) this.remove(next);
    return next;
  }
}

function first<T>(items: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length >= count) break;
    taken.push(item);
  }
  return taken;
}
