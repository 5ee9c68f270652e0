import type { DestinationStream } from 'pino';
import { Backoff, resolvesWithin } from '#core';
import type { Descriptor } from './descriptor';

/** What may wait for a reader, bytes; some four thousand lines. */
const MOST_BYTES = 1024 * 1024;
/** What is written at a time, bytes; as much as a pipe of Linux holds. */
const CHUNK_BYTES = 65_536;
/** How soon a reader that has stopped is tried again, and how soon a disk that is full. */
const FULL_PAUSE = { minMs: 2, maxMs: 100 };
const ERROR_PAUSE = { minMs: 100, maxMs: 1_000 };

/** Lines that have been lost, and why. */
export interface Loss {
  lines: number;
  reason: string;
}

/**
 * Writes lines, in the background, to a descriptor that may be slow, full or gone. Whoever logs neither waits nor fails: what finds
 * no room is lost, as whole lines, and counted. What has been written in part goes on where it stopped.
 */
export class LogOutput implements DestinationStream {
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private scheduled: NodeJS.Immediate | NodeJS.Timeout | undefined;
  private busy = false;
  private trouble: string | undefined;
  private lost = 0;
  private onEmpty: (() => void) | undefined;
  private readonly fullPause = new Backoff(FULL_PAUSE);
  private readonly errorPause = new Backoff(ERROR_PAUSE);
  /** Told of each line that is lost, at once. */
  onLoss: (() => void) | undefined;
  /** Told when lines get through again; what it logs is written. */
  onRecovery: ((loss: Loss) => void) | undefined;

  constructor(
    private readonly descriptor: Descriptor,
    private readonly mostBytes = MOST_BYTES,
  ) {}

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.waitingBytes + bytes.length > this.mostBytes) {
      this.lost++;
      this.onLoss?.();
      return;
    }
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (!this.scheduled && !this.busy) this.scheduled = setImmediate(this.flush);
  }

  /** Whether nothing waits any more, within so many milliseconds. */
  async drain(ms: number): Promise<boolean> {
    if (this.waitingBytes === 0) return true;
    const empty = new Promise<void>((resolve) => (this.onEmpty = resolve));
    return resolvesWithin(ms, empty);
  }

  private readonly flush = (): void => {
    this.scheduled = undefined;
    this.busy = true;
    const chunk = this.nextChunk();
    try {
      const taken = this.descriptor.write(chunk);
      if (typeof taken === 'number') return this.wrote(chunk, taken);
      taken.then(
        (count) => this.wrote(chunk, count),
        (error: Error) => this.failed(chunk, error),
      );
    } catch (error) {
      this.failed(chunk, error as Error);
    }
  };

  /** Lines as one piece: thousands of them cost as many calls of the system otherwise. */
  private nextChunk(): Buffer {
    const lines: Buffer[] = [];
    let bytes = 0;
    while (this.waiting.length > 0 && bytes < CHUNK_BYTES) {
      if (lines.length > 0 && bytes + this.waiting[0]!.length > CHUNK_BYTES) break;
      const line = this.waiting.shift()!;
      lines.push(line);
      bytes += line.length;
    }
    return lines.length === 1 ? lines[0]! : Buffer.concat(lines, bytes);
  }

  private wrote(chunk: Buffer, count: number): void {
    this.busy = false;
    this.waitingBytes -= count;
    if (count < chunk.length) this.waiting.unshift(chunk.subarray(count));
    if (count === 0) {
      this.trouble ??= 'nobody read them';
      return this.again(this.fullPause.next());
    }
    this.fullPause.reset();
    this.errorPause.reset();
    if (this.waitingBytes <= this.mostBytes / 2) this.recovered();
    if (this.waitingBytes > 0) this.scheduled = setImmediate(this.flush);
    else this.onEmpty?.();
  }

  private failed(chunk: Buffer, error: Error): void {
    this.busy = false;
    this.waiting.unshift(chunk);
    this.trouble = error.message;
    this.again(this.errorPause.next());
  }

  private again(ms: number): void {
    // What cannot be written must not keep a process that has nothing else to do.
    this.scheduled = setTimeout(this.flush, ms).unref();
  }

  private recovered(): void {
    const loss = { lines: this.lost, reason: this.trouble ?? 'they came faster than they could be written' };
    this.lost = 0;
    this.trouble = undefined;
    if (loss.lines > 0) this.onRecovery?.(loss);
  }
}
