import type { Request } from 'express';
import type { Readable } from 'node:stream';
import { EyrieError } from '#core';

const FIRST_ALLOCATION = 64 * 1024;

/**
 * So much is set aside at once where the length is announced. Beyond it some of the body must have come first: a client may
 * announce megabytes and send nothing.
 */
const FIRST_ANNOUNCED = 256 * 1024;

/**
 * One growing buffer, not a list of chunks: a client can send each byte as a chunk of its own, and the objects around the
 * chunks would then take a hundred times the room of the image.
 */
class Gathered {
  private buffer: Buffer;
  private size = 0;

  /** @param announced how many bytes are expected, if that is known; no more than `maxBytes` */
  constructor(
    private readonly maxBytes: number,
    private readonly announced?: number,
  ) {
    this.buffer = Buffer.allocUnsafe(
      announced === undefined ? Math.min(FIRST_ALLOCATION, maxBytes) : Math.min(FIRST_ANNOUNCED, announced),
    );
  }

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.size);
  }

  /** @returns whether there was room for the chunk */
  add(chunk: Buffer): boolean {
    const needed = this.size + chunk.length;
    if (needed > this.maxBytes) return false;
    if (needed > this.buffer.length) {
      const next = this.announced ?? Math.min(this.maxBytes, 2 * this.buffer.length);
      const larger = Buffer.allocUnsafe(Math.max(needed, next));
      this.bytes.copy(larger);
      this.buffer = larger;
    }
    chunk.copy(this.buffer, this.size);
    this.size = needed;
    return true;
  }
}

/**
 * All of a stream.
 * @param tooLong what to fail with as soon as there are more than `maxBytes`; the rest stays unread
 * @param announced how many bytes are expected, if that is known; no more than `maxBytes`
 */
export function collect(stream: Readable, maxBytes: number, tooLong: () => Error, announced?: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gathered = new Gathered(maxBytes, announced);
    const take = (chunk: Buffer): void => {
      if (!gathered.add(chunk)) fail(tooLong());
    };
    const fail = (error: Error): void => {
      stream.off('data', take);
      reject(error);
    };
    stream.on('data', take);
    stream.once('end', () => resolve(gathered.bytes));
    stream.once('error', fail);
  });
}

/**
 * A stream of `length` bytes, for one of two readers.
 * @param isMine is asked after each chunk about all that has come
 * @returns all of it; undefined when it is not mine: then it is as if nothing had been read
 */
export function readIf(
  stream: Readable,
  length: number,
  isMine: (soFar: Buffer) => boolean,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const gathered = new Gathered(length, length);
    const end = (): void => resolve(gathered.bytes);
    const take = (chunk: Buffer): void => {
      gathered.add(chunk);
      if (isMine(gathered.bytes)) return;
      stream.off('data', take).off('end', end).off('error', reject).pause();
      stream.unshift(gathered.bytes);
      resolve(undefined);
    };
    stream.on('data', take).once('end', end).once('error', reject);
  });
}

/** The body as it is. @throws EyrieError IMAGE_TOO_LARGE, before it is read where its length is announced */
export async function readBytes(req: Request, maxBytes: number): Promise<Buffer> {
  const tooLong = () =>
    new EyrieError('IMAGE_TOO_LARGE', `the body has more than the ${maxBytes} bytes that are allowed here`);
  const length = req.header('content-length');
  if (Number(length) > maxBytes) throw tooLong();
  return collect(req, maxBytes, tooLong, length === undefined ? undefined : Number(length));
}

/** @throws EyrieError INVALID_REQUEST, IMAGE_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE */
export async function readJson(req: Request, maxBytes: number): Promise<unknown> {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(req.header('content-type') ?? '')?.[1] ?? 'utf-8';
  if (!/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new EyrieError('UNSUPPORTED_MEDIA_TYPE', `JSON must be UTF-8, not ${charset}`);
  }
  const bytes = await readBytes(req, maxBytes);
  if (bytes.length === 0) throw new EyrieError('INVALID_REQUEST', 'the body is empty');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw new EyrieError('INVALID_REQUEST', `the body is not valid JSON: ${(error as Error).message}`);
  }
}
