import type { IncomingMessage } from 'node:http';
import { EyrieError } from '#core';

const FIRST_ALLOCATION = 64 * 1024;

/**
 * The body of an answer, which must be a success and hold between 1 and `maxBytes` bytes.
 *
 * @param name how errors name the URL
 * @throws {EyrieError} URL_FETCH_FAILED, IMAGE_TOO_LARGE; the caller then has to close the connection
 */
export async function readImage(response: IncomingMessage, name: string, maxBytes: number): Promise<Buffer> {
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) {
    throw new EyrieError('URL_FETCH_FAILED', `${name} answered with status ${status} instead of an image.`);
  }
  const announced = response.headers['content-length'];
  if (announced !== undefined && Number(announced) > maxBytes) throw tooLarge(name, maxBytes);

  // One growing buffer, not a list of chunks: a server can send each byte as a chunk of its own, and the objects
  // around the chunks would then take a hundred times the room of the image.
  let body = Buffer.allocUnsafe(announced === undefined ? FIRST_ALLOCATION : Number(announced));
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (size + chunk.length > maxBytes) throw tooLarge(name, maxBytes);
    if (size + chunk.length > body.length) body = grown(body, size + chunk.length);
    size += chunk.copy(body, size);
  }
  if (size === 0) throw new EyrieError('URL_FETCH_FAILED', `${name} answered with an empty body.`);
  return body.subarray(0, size);
}

function grown(body: Buffer, needed: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(Math.max(2 * body.length, needed));
  body.copy(larger);
  return larger;
}

function tooLarge(name: string, maxBytes: number): EyrieError {
  return new EyrieError('IMAGE_TOO_LARGE', `${name} leads to more than the ${maxBytes} bytes an image may have.`);
}
