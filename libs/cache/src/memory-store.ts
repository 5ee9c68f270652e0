import { LRUCache } from 'lru-cache';

/** What an entry takes beside its key and its text, in bytes: map slots, list links, string headers. An estimate. */
const ENTRY_OVERHEAD = 200;

/** Answers in this process; the one that has not been asked for the longest goes first. */
export class MemoryStore {
  private readonly entries: LRUCache<string, string>;

  /** @param maxBytes 1 or more, keys and overhead included */
  constructor(maxBytes: number, ttlSeconds: number) {
    this.entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (text, key) => text.length + key.length + ENTRY_OVERHEAD,
      ttl: ttlSeconds * 1000,
    });
  }

  get bytes(): number {
    return this.entries.calculatedSize;
  }

  get count(): number {
    return this.entries.size;
  }

  get(key: string): string | undefined {
    return this.entries.get(key);
  }

  /** What is larger than the whole store is not kept. */
  set(key: string, text: string): void {
    this.entries.set(key, text);
  }
}
