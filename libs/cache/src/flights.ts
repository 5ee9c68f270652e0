import { EyrieError, msUntil, waitWithin } from '#core';

/** How long somebody waits for an answer. */
export interface Waiter {
  /** On performance.now()'s clock. */
  deadline: number;
  /** Aborted when the answer is not wanted any more. */
  signal: AbortSignal;
}

/** What one computation for several waiters is told. */
export interface Shared {
  /** The latest of the waiters' deadlines, on performance.now()'s clock; it moves when one with a later one joins. */
  deadline: number;
  /** Aborted when the last waiter has left; its reason is the one of the last to leave. */
  signal: AbortSignal;
}

interface Flight<T> {
  breadth: number;
  shared: Shared;
  abort: AbortController;
  waiting: number;
  result: Promise<T>;
}

/**
 * Computes once what several ask for at the same time (single-flight, as Go's golang.org/x/sync/singleflight). Each
 * waiter has a deadline and a signal of its own, and its leaving is nothing to the others.
 */
export class Flights<T> {
  private readonly byKey = new Map<string, Flight<T>>();

  get size(): number {
    return this.byKey.size;
  }

  /**
   * @param breadth of what is asked: whoever asks for as much or less has the answer of one that is under way
   *
   * `joined` says whether somebody else had asked before. `result` rejects with what `compute` rejects with, with the
   * signal's reason, or with EyrieError DEADLINE_EXCEEDED.
   */
  run(
    key: string,
    breadth: number,
    waiter: Waiter,
    compute: (shared: Shared) => Promise<T>,
  ): { joined: boolean; result: Promise<T> } {
    const flight = this.byKey.get(key);
    if (flight && flight.breadth >= breadth) {
      flight.shared.deadline = Math.max(flight.shared.deadline, waiter.deadline);
      return { joined: true, result: waitFor(flight, waiter) };
    }
    return { joined: false, result: waitFor(this.start(key, breadth, waiter.deadline, compute), waiter) };
  }

  private start(key: string, breadth: number, deadline: number, compute: (shared: Shared) => Promise<T>): Flight<T> {
    const abort = new AbortController();
    const shared = { deadline, signal: abort.signal };
    const flight: Flight<T> = { breadth, shared, abort, waiting: 0, result: compute(shared) };
    const forget = (): void => {
      if (this.byKey.get(key) === flight) this.byKey.delete(key);
    };
    // Whoever comes after the last one has left must not join what has been given up.
    abort.signal.addEventListener('abort', forget, { once: true });
    flight.result.then(forget, forget);
    this.byKey.set(key, flight);
    return flight;
  }
}

function waitFor<T>(flight: Flight<T>, { deadline, signal }: Waiter): Promise<T> {
  flight.waiting++;
  const onExpiry = (): EyrieError =>
    new EyrieError('DEADLINE_EXCEEDED', 'no answer within the time limit of the request', { bound: 'deadline' });
  return waitWithin({ ms: msUntil(deadline), signal, onExpiry }, flight.result, (reason) => {
    if (--flight.waiting === 0) flight.abort.abort(reason);
  });
}
