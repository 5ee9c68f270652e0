/** When something is given up. */
export interface TimeLimit {
  /** Milliseconds from now. For a deadline, see `msUntil`. */
  ms: number;
  /** Ends it earlier, with the signal's reason. */
  signal?: AbortSignal;
  /** What it fails with when the time is up. Only called then, since an error's stack costs more than all the rest. */
  onExpiry: () => unknown;
}

/** A longer one overflows in Node, whose timer then fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Does what can be ended: `work` gets a signal that aborts when the limit is reached, and has settled when this settles.
 * `restart` makes the time begin anew, for a limit on silence and not on the whole.
 * @throws what `work` does; when the limit had been reached, `onExpiry`'s error or the signal's reason instead
 */
export async function withTimeLimit<T>(
  limit: TimeLimit,
  work: (signal: AbortSignal, restart: () => void) => Promise<T>,
): Promise<T> {
  limit.signal?.throwIfAborted();
  const controller = new AbortController();
  const clock = startClock(limit, (reason) => controller.abort(reason));
  try {
    return await work(controller.signal, clock.restart);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    clock.stop();
  }
}

/**
 * Waits for what cannot be ended or is to go on: when the limit is reached, only the wait is over.
 * @param onGiveUp told at once that the wait is over without an outcome, and why; the promise rejects a little later
 * @throws what `promise` does; `onExpiry`'s error; the signal's reason
 */
export function waitWithin<T>(limit: TimeLimit, promise: Promise<T>, onGiveUp?: (reason: unknown) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (reason: unknown): void => {
      reject(reason);
      onGiveUp?.(reason);
    };
    if (limit.signal?.aborted) giveUp(limit.signal.reason);
    const clock = limit.signal?.aborted ? undefined : startClock(limit, giveUp);
    // Watched in any case: when nobody waits any more, its failure must not end the process.
    promise.then(
      (value) => {
        clock?.stop();
        resolve(value);
      },
      (error: unknown) => {
        clock?.stop();
        reject(error);
      },
    );
  });
}

/** Whether the promise has resolved within so many milliseconds. It goes on in either case. @throws what `promise` does until then */
export async function resolvesWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const late = Symbol();
  try {
    await waitWithin({ ms, onExpiry: () => late }, promise);
    return true;
  } catch (error) {
    if (error === late) return false;
    throw error;
  }
}

/** Calls `end` once, with the reason, when the limit is reached; never after `stop`. */
function startClock({ ms, signal, onExpiry }: TimeLimit, end: (reason: unknown) => void) {
  let lastTurn: NodeJS.Immediate | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    clearImmediate(lastTurn);
    signal?.removeEventListener('abort', abort);
  };
  const abort = (): void => {
    stop();
    end(signal!.reason);
  };
  const expire = (): void => {
    stop();
    end(onExpiry());
  };
  // Not at once: when this process was busy for so long, what is waited for may be there and only unread.
  const timer = setTimeout(() => (lastTurn = setImmediate(expire)), Math.min(ms, LONGEST_TIMER_MS));
  signal?.addEventListener('abort', abort);
  const restart = (): void => {
    clearImmediate(lastTurn);
    timer.refresh();
  };
  return { restart, stop };
}
