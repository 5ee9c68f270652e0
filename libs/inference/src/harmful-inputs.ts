import { createHash } from 'node:crypto';

/** The oldest are forgotten first. */
const MOST = 1_000;
/** Whatever was wrong may have been mended since: another model, more memory. */
const FORGOTTEN_AFTER_MS = 10 * 60_000;

/** Inputs of one version that workers have died of, by what is in them. */
export class HarmfulInputs {
  /** When each was last seen to do harm, by its digest; the oldest first. */
  private readonly seen = new Map<string, number>();
  /** How many of them have so many bytes: few requests have to be hashed. */
  private readonly sizes = new Map<number, number>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  add(payload: readonly Uint8Array[]): void {
    const key = keyOf(payload);
    this.forget(key);
    this.seen.set(key, this.now());
    this.count(key, 1);
    if (this.seen.size > MOST) this.forget(this.seen.keys().next().value!);
  }

  /** For how many more seconds it is not taken on; undefined when it is. */
  refusedFor(payload: readonly Uint8Array[]): number | undefined {
    if (!this.sizes.has(sizeOf(payload))) return undefined;
    const key = keyOf(payload);
    const at = this.seen.get(key);
    if (at === undefined) return undefined;
    const left = at + FORGOTTEN_AFTER_MS - this.now();
    if (left > 0) return Math.ceil(left / 1000);
    this.forget(key);
    return undefined;
  }

  private forget(key: string): void {
    if (this.seen.delete(key)) this.count(key, -1);
  }

  private count(key: string, change: number): void {
    const size = Number(key.slice(0, key.indexOf(':')));
    const count = (this.sizes.get(size) ?? 0) + change;
    if (count > 0) this.sizes.set(size, count);
    else this.sizes.delete(size);
  }
}

function sizeOf(payload: readonly Uint8Array[]): number {
  return payload.reduce((sum, { length }) => sum + length, 0);
}

function keyOf(payload: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of payload) hash.update(`${part.length}:`).update(part);
  return `${sizeOf(payload)}:${hash.digest('base64url')}`;
}
