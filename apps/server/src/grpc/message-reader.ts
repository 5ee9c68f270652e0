import type { ServerHttp2Stream } from 'node:http2';
import { EyrieError, type Limit } from '#core';
import { ClientLeftError } from '../http/request-context';
import { Gathered } from '../inputs/gathered';

const PREFIX_BYTES = 5;

/** The place that a message takes until it has been answered. */
export interface Lease {
  take(bytes: number): void;
  whole(): void;
  answer(bytes: number): void;
  release(): void;
}

export interface ReaderOptions {
  /** Of one message, bytes. */
  most: Limit;
  /** Asks for its place, once its length is known. @throws EyrieError OVERLOADED */
  lease(bytes: number, onRevoked: (reason: EyrieError) => void): Lease;
  /** From its beginning to its end, ms. */
  time: Limit;
}

export interface Message {
  bytes: Buffer;
  lease: Lease;
}

/**
 * Reads the messages of a call, one when it is asked for: length-prefixed, as
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md has it. Compressed ones are refused: what they would become has no limit.
 */
export class MessageReader {
  private readonly pieces: AsyncIterator<Buffer>;
  private left: Buffer = Buffer.alloc(0);
  private fail: ((reason: Error) => void) | undefined;

  constructor(
    stream: ServerHttp2Stream,
    private readonly options: ReaderOptions,
  ) {
    this.pieces = (stream.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>)[
      Symbol.asyncIterator
    ]();
  }

  /** The only message of a call. @throws EyrieError, ClientLeftError */
  async only(): Promise<Message> {
    return this.inTime(async () => {
      const message = await this.message();
      if (!message) throw new EyrieError('INVALID_REQUEST', 'the call has no message');
      if (this.left.length === 0 && (await this.piece()) === undefined) return message;
      message.lease.release();
      throw new EyrieError('INVALID_REQUEST', 'the call has more than one message');
    });
  }

  /** The next one, however long it is until it begins; undefined behind the last one. @throws EyrieError, ClientLeftError */
  async next(): Promise<Message | undefined> {
    if (this.left.length === 0) {
      const piece = await this.endable((ended) => Promise.race([this.piece(), ended]));
      if (piece === undefined) return undefined;
      this.left = piece;
    }
    return this.inTime(() => this.message());
  }

  /** Whoever waits for a message is told this. */
  stop(reason: EyrieError): void {
    this.fail?.(reason);
  }

  private async inTime<T>(read: () => Promise<T>): Promise<T> {
    const { time } = this.options;
    const late = (): EyrieError =>
      new EyrieError('DEADLINE_EXCEEDED', 'the message did not arrive in time', { bound: time });
    // Made when it is late: an error's stack costs more than all the rest.
    const timer = setTimeout(() => this.fail?.(late()), time.value).unref();
    try {
      return await this.endable((ended) => Promise.race([read(), ended]));
    } finally {
      clearTimeout(timer);
    }
  }

  private async endable<T>(wait: (ended: Promise<never>) => Promise<T>): Promise<T> {
    const ended = new Promise<never>((_, reject) => (this.fail = reject));
    try {
      return await wait(ended);
    } finally {
      this.fail = undefined;
    }
  }

  private async message(): Promise<Message | undefined> {
    const prefix = await this.take(PREFIX_BYTES);
    if (prefix.length === 0) return undefined;
    if (prefix.length < PREFIX_BYTES) throw cut();
    const length = prefix.readUInt32BE(1);
    if (prefix[0] !== 0) {
      throw new EyrieError(
        'UNSUPPORTED_MEDIA_TYPE',
        'compressed messages are not taken; send them as they are (grpc-encoding: identity)',
      );
    }
    const { most } = this.options;
    if (length > most.value) {
      const detail = `the message has ${length} bytes; at most ${most.value} are allowed`;
      throw new EyrieError('IMAGE_TOO_LARGE', detail, { bound: most });
    }
    const lease = this.options.lease(length, (reason) => this.fail?.(reason));
    try {
      const bytes = await this.gather(length, lease);
      lease.whole();
      return { bytes, lease };
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  private async gather(length: number, lease: Lease): Promise<Buffer> {
    if (this.left.length >= length) return this.take(length);
    const gathered = new Gathered(length, length);
    for (let missing = length; missing > 0;) {
      if (this.left.length === 0) this.left = (await this.piece()) ?? Buffer.alloc(0);
      if (this.left.length === 0) throw cut();
      const piece = this.left.subarray(0, missing);
      this.left = this.left.subarray(piece.length);
      missing -= piece.length;
      lease.take(piece.length);
      gathered.add(piece);
    }
    return gathered.bytes;
  }

  /** @returns fewer where the call ends before */
  private async take(bytes: number): Promise<Buffer> {
    while (this.left.length < bytes) {
      const piece = await this.piece();
      if (piece === undefined) break;
      this.left = Buffer.concat([this.left, piece]);
    }
    const taken = this.left.subarray(0, bytes);
    this.left = this.left.subarray(taken.length);
    return taken;
  }

  /** undefined behind the last one. */
  private async piece(): Promise<Buffer | undefined> {
    try {
      for (;;) {
        const next = await this.pieces.next();
        if (next.done) return undefined;
        if (next.value.length > 0) return next.value;
      }
    } catch {
      throw new ClientLeftError();
    }
  }
}

function cut(): EyrieError {
  return new EyrieError('INVALID_REQUEST', 'the call ends in the middle of a message');
}
