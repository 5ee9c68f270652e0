import { createClient, ErrorReply } from '@redis/client';
import { Backoff, waitWithin } from '#core';

export interface RedisStoreOptions {
  /** redis:// or rediss:// */
  url: string;
  /** The longest that one command may take. */
  timeoutMs: number;
  ttlSeconds: number;
  /** The first pause before Redis is tried again; it doubles up to `maxBackoffMs`. */
  minBackoffMs?: number;
  maxBackoffMs?: number;
}

/**
 * Why Redis was of no use: no connection or a broken one, no reply in time, a reply that is an error (out of memory,
 * read-only, …), or a value that is no answer.
 */
export type RedisFailure = 'connection' | 'timeout' | 'reply' | 'rubbish';

export interface RedisObserver {
  /** Redis can be used from now on, or cannot. */
  onState?: (up: boolean) => void;
  onFailure?: (failure: RedisFailure, detail: string) => void;
}

type Client = ReturnType<typeof connectionTo>;

/** Written by each new connection: whoever answers PING may still be a replica, or closed to us. */
const PROBE_KEY = 'eyrie:probe';

/**
 * Errors of a Redis that is of use all the same, by the word that they begin with: it is full, cannot save or has lost its replicas, and
 * is read on; or one key holds what is not ours. Whatever else it says is an error of the whole server (READONLY, LOADING, MASTERDOWN,
 * NOAUTH, …), which lasts, and which another server of the same name may not have.
 */
const USABLE_ERRORS = new Set(['OOM', 'MISCONF', 'NOREPLICAS', 'WRONGTYPE']);

/** How long a connection may take to be there, log-in included. */
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Answers in Redis, for as long as it works. Nothing here throws, and nothing takes longer than `timeoutMs`: when the
 * connection breaks, a command is late or the server says that it cannot serve, it is given up and nothing is asked any more (an open
 * circuit breaker) until a new connection, for which the name is resolved anew, has answered a PING and taken a value.
 */
export class RedisStore {
  /** There only while Redis can be used. */
  private client: Client | undefined;
  private readonly backoff: Backoff;
  private retryTimer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly options: RedisStoreOptions,
    private readonly observer: RedisObserver = {},
  ) {
    // Replicas that lost the same Redis must not come back to it in step.
    const { minBackoffMs = 500, maxBackoffMs = 30_000 } = options;
    this.backoff = new Backoff({ minMs: minBackoffMs, maxMs: maxBackoffMs, jitter: 0.5 });
  }

  get isUp(): boolean {
    return this.client !== undefined;
  }

  /** Resolves after the first attempt; Redis may be up then or not. */
  async open(): Promise<void> {
    if (this.closed) return;
    const client = connectionTo(this.options.url);
    // The library tells of a lost connection by this event alone; one without a listener would end the process.
    client.on('error', (error: Error) => this.giveUp(client, 'connection', error.message));
    try {
      await inTime(CONNECT_TIMEOUT_MS, client.connect());
      await inTime(this.options.timeoutMs, client.ping());
      await inTime(this.options.timeoutMs, takesValues(client));
    } catch (error) {
      client.destroy();
      this.fail(failureOf(error), (error as Error).message);
      this.retryLater();
      return;
    }
    if (this.closed) return client.destroy();
    this.client = client;
    this.backoff.reset();
    this.observer.onState?.(true);
  }

  /** What was kept under the key, if Redis has it and says so in time. */
  async get<T>(key: string, decode: (text: string) => T | undefined): Promise<{ text: string; value: T } | undefined> {
    const reply = await this.ask((client) => client.get(key));
    if (typeof reply !== 'string') return undefined;
    // The value names its key, so that a reply to another question is never taken for the answer to this one.
    const text = reply.startsWith(`${key}\n`) ? reply.slice(key.length + 1) : undefined;
    const value = text === undefined ? undefined : decode(text);
    if (value !== undefined) return { text: text!, value };
    this.fail('rubbish', `the value of ${key} is no answer to it`);
    return undefined;
  }

  /** Keeps an answer; nobody waits for it. */
  set(key: string, text: string): void {
    void this.ask((client) =>
      client.set(key, `${key}\n${text}`, { expiration: { type: 'EX', value: this.options.ttlSeconds } }),
    );
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retryTimer);
    this.client?.destroy();
    this.client = undefined;
  }

  private async ask<T>(command: (client: Client) => Promise<T>): Promise<T | undefined> {
    const { client } = this;
    if (!client) return undefined;
    try {
      return await inTime(this.options.timeoutMs, command(client));
    } catch (error) {
      const { message } = error as Error;
      if (isUsable(error)) this.fail('reply', message);
      else this.giveUp(client, failureOf(error), message);
      return undefined;
    }
  }

  /** Only the first that notices has something to do: all commands of a connection fail together. */
  private giveUp(client: Client, failure: RedisFailure, detail: string): void {
    if (this.client !== client) return;
    this.client = undefined;
    client.destroy();
    this.fail(failure, detail);
    this.observer.onState?.(false);
    this.retryLater();
  }

  private retryLater(): void {
    if (this.closed) return;
    this.retryTimer = setTimeout(() => void this.open(), this.backoff.next());
    this.retryTimer.unref();
  }

  private fail(failure: RedisFailure, detail: string): void {
    if (!this.closed) this.observer.onFailure?.(failure, detail);
  }
}

/** A connection that does not come back by itself: when to try again is the breaker's decision. */
function connectionTo(url: string) {
  return createClient({
    url,
    // The older protocol is understood by every Redis and by what speaks like one.
    RESP: 2,
    maintNotifications: 'disabled',
    disableClientInfo: true,
    disableOfflineQueue: true,
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false },
  });
}

/** @throws ErrorReply of a server that takes none, and not only for want of room */
async function takesValues(client: Client): Promise<void> {
  try {
    // Gone in a millisecond: it is nothing to keep.
    await client.set(PROBE_KEY, '', { expiration: { type: 'PX', value: 1 } });
  } catch (error) {
    if (!isUsable(error)) throw error;
  }
}

function isUsable(error: unknown): boolean {
  return error instanceof ErrorReply && USABLE_ERRORS.has(error.message.split(' ', 1)[0]!);
}

function failureOf(error: unknown): RedisFailure {
  if (error instanceof TimeoutError) return 'timeout';
  return error instanceof ErrorReply ? 'reply' : 'connection';
}

class TimeoutError extends Error {}

/** @throws TimeoutError */
function inTime<T>(ms: number, promise: Promise<T>): Promise<T> {
  return waitWithin({ ms, onExpiry: () => new TimeoutError(`no reply within ${ms} ms`) }, promise);
}
