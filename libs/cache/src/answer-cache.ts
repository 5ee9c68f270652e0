import { Flights, type Shared, type Waiter } from './flights';
import type { MemoryStore } from './memory-store';
import type { RedisStore } from './redis-store';

/** Something that can be asked again and always has the same answer. */
export interface CacheQuestion<T> {
  /** The same for the same question, be it broader or narrower, and for no other. */
  key: string;
  /** How much is asked: an answer to as much or more holds the one to this. */
  breadth: number;
  compute: (shared: Shared) => Promise<T>;
  /** What is kept of an answer; undefined where it is too large for that. */
  encode: (answer: T) => string | undefined;
  /** The answer that was kept, and to how broad a question; undefined for a text that is none. */
  decode: (text: string) => Kept<T> | undefined;
  /** Of an answer to a broader question the one to this. */
  narrowed: (answer: T) => T;
}

export interface Kept<T> {
  value: T;
  breadth: number;
}

/** Where an answer came from: `shared` is one that was being computed for somebody else. */
export type CacheSource = 'memory' | 'redis' | 'shared' | 'computed';

export interface Answer<T> {
  value: T;
  source: CacheSource;
}

export interface CacheStores {
  memory?: MemoryStore;
  redis?: RedisStore;
}

/** Over about so many answers the share of hits is a mean, an exponential one. */
const HIT_SHARE_OF = 100;

/**
 * Keeps answers, in this process and in Redis, and computes what several ask for at the same time once. Failures are
 * not kept. Without a store it is off: every question is computed by itself.
 */
export class AnswerCache {
  private readonly flights = new Flights<Answer<unknown>>();
  private hits = 0;

  constructor(private readonly stores: CacheStores) {}

  get isOn(): boolean {
    return this.stores.memory !== undefined || this.stores.redis !== undefined;
  }

  /** What this process keeps. */
  get memory(): { bytes: number; entries: number } {
    return { bytes: this.stores.memory?.bytes ?? 0, entries: this.stores.memory?.count ?? 0 };
  }

  /** Share of the answers that were found, 0 to 1, of late. */
  get hitShare(): number {
    return this.hits;
  }

  /**
   * @throws what `compute` throws, the signal's reason when it aborts, EyrieError DEADLINE_EXCEEDED. A store that
   *   fails is no reason to fail.
   */
  async answer<T>(question: CacheQuestion<T>, waiter: Waiter): Promise<Answer<T>> {
    if (!this.isOn) return { value: await question.compute(waiter), source: 'computed' };
    const kept = this.inMemory(question);
    if (kept) return this.noted({ value: question.narrowed(kept.value), source: 'memory' });
    // The key says what kind of answer it is, so that whoever shares a flight shares its type.
    const { key, breadth } = question;
    const { joined, result } = this.flights.run(key, breadth, waiter, (shared) => this.find(question, shared));
    const answer = (await result) as Answer<T>;
    return this.noted(joined ? { value: question.narrowed(answer.value), source: 'shared' } : answer);
  }

  private noted<T>(answer: Answer<T>): Answer<T> {
    this.hits += ((answer.source === 'computed' ? 0 : 1) - this.hits) / HIT_SHARE_OF;
    return answer;
  }

  /** What is kept and holds the answer. */
  private inMemory<T>({ key, breadth, decode }: CacheQuestion<T>): Kept<T> | undefined {
    const text = this.stores.memory?.get(key);
    const kept = text === undefined ? undefined : decode(text);
    return kept && kept.breadth >= breadth ? kept : undefined;
  }

  private async find<T>(question: CacheQuestion<T>, shared: Shared): Promise<Answer<T>> {
    const { memory, redis } = this.stores;
    const found = await redis?.get(question.key, question.decode);
    if (found && found.value.breadth >= question.breadth) {
      memory?.set(question.key, found.text);
      return { value: question.narrowed(found.value.value), source: 'redis' };
    }
    const value = await question.compute(shared);
    // A broader question may have been answered meanwhile.
    if (this.inMemory(question)) return { value, source: 'computed' };
    const text = question.encode(value);
    if (text === undefined) return { value, source: 'computed' };
    memory?.set(question.key, text);
    redis?.set(question.key, text);
    return { value, source: 'computed' };
  }

  close(): void {
    this.stores.redis?.close();
  }
}
