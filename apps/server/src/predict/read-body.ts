import type { Request } from 'express';
import type { Readable } from 'node:stream';
import { EyrieError } from '#inference';

const FIRST_ALLOCATION = 64 * 1024;

/**
 * So much is set aside at once where the length is announced. Beyond it some of the body must have come first: a client may
 * announce megabytes and send nothing.
 */
const FIRST_ANNOUNCED = 256 * 1024;

/**
 * All of a stream. One growing buffer, not a list of chunks: a client can send each byte as a chunk of its own, and the
 * objects around the chunks would then take a hundred times the room of the image.
 * @param tooLong what to fail with as soon as there are more than `maxBytes`; the rest stays unread
 * @param announced how many bytes are expected, if that is known; no more than `maxBytes`
 */
export function collect(stream: Readable, maxBytes: number, tooLong: () => Error, announced?: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const expected = announced ?? maxBytes;
    let buffer = Buffer.allocUnsafe(Math.min(announced === undefined ? FIRST_ALLOCATION : FIRST_ANNOUNCED, expected));
    let size = 0;
    const take = (chunk: Buffer): void => {
      const needed = size + chunk.length;
      if (needed > maxBytes) return fail(tooLong());
      if (needed > buffer.length) {
        const larger = Buffer.allocUnsafe(Math.max(needed, announced ?? Math.min(maxBytes, 2 * buffer.length)));
        buffer.copy(larger, 0, 0, size);
        buffer = larger;
      }
      chunk.copy(buffer, size);
      size = needed;
    };
    const fail = (error: Error): void => {
      stream.off('data', take);
      reject(error);
    };
    stream.on('data', take);
    stream.once('end', () => resolve(buffer.subarray(0, size)));
    stream.once('error', fail);
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
