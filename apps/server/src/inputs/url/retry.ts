import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff, retryAfterMs } from '#core';

/** After the first try. */
const MOST_RETRIES = 2;

/** A server in front of the one that is meant, or that one while it starts; RFC 9110, 15.6. */
const PASSING_STATUS = new Set([502, 503, 504]);
/** The connection was lost, or DNS had no answer just now. A server that is not there is not waited for. */
const PASSING_ERRORS = new Set(['ECONNRESET', 'EPIPE', 'EAI_AGAIN']);

/** What may be tried again: a GET changes nothing, however often it is sent. */
export class PassingFailure {
  /** @param error what the fetch fails with when there are no more tries @param waitMs what the server asks for */
  constructor(
    readonly error: unknown,
    readonly waitMs: number,
  ) {}
}

/** Whether the failure of one request is likely to pass. */
export function isPassing(response: IncomingMessage | undefined, thrown: unknown): boolean {
  if (PASSING_STATUS.has(response?.statusCode ?? 0)) return true;
  return PASSING_ERRORS.has((thrown as NodeJS.ErrnoException).code ?? '');
}

/** Milliseconds that an answer asks for by `Retry-After`; 0 where it does not. */
export function retryAfterOf(response: IncomingMessage | undefined): number {
  return retryAfterMs(response?.headers['retry-after'], response?.headers.date);
}

/** The tries of one fetch, its redirects included. */
export class Retries {
  private left = MOST_RETRIES;
  private readonly backoff = new Backoff({ minMs: 100, maxMs: 1000, factor: 3, jitter: 0.5 });

  constructor(private readonly deadline: number) {}

  /** Waits for the next try. @throws what has failed, where there is none; the reason of `end` */
  async next(failure: PassingFailure, end: AbortSignal): Promise<void> {
    const waitMs = Math.max(this.backoff.next(), failure.waitMs);
    if (this.left === 0 || performance.now() + waitMs >= this.deadline) throw failure.error;
    this.left--;
    await sleep(waitMs, undefined, { signal: end }).catch(() => {
      throw end.reason;
    });
  }
}
