import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { EyrieError, type Limit } from '#core';
import { Gathered } from '../gathered';
import type { Room } from './room';

/** Nobody is asked for these, and some send them nevertheless; RFC 9110, 8.4.1. */
const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: zlib.createGunzip,
  'x-gzip': zlib.createGunzip,
  deflate: zlib.createInflate,
  br: zlib.createBrotliDecompress,
};

/**
 * The body of an answer, which must be a success and hold between 1 and so many bytes, also when it was compressed.
 *
 * @param name how errors name the URL @param room that all fetches share; what is taken of it is given back in the end
 * @throws {EyrieError} URL_FETCH_FAILED, IMAGE_TOO_LARGE, OVERLOADED; the caller then has to close the connection
 */
export async function readImage(response: IncomingMessage, name: string, most: Limit, room?: Room): Promise<Buffer> {
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) {
    throw new EyrieError('URL_FETCH_FAILED', `${name} answered with status ${status} instead of an image.`);
  }
  const announced = Number(response.headers['content-length'] ?? NaN);
  if (announced > most.value) throw tooLarge(name, most);
  const body = decoded(response, name);
  const gathered = new Gathered(most.value, body === response && announced > 0 ? announced : undefined);

  let taken = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (room && !room.take(chunk.length)) {
        const detail = 'too many large images are being fetched by URL; send the image itself, or try again later';
        throw new EyrieError('OVERLOADED', detail, { bound: 'fixed', retryAfterSeconds: 2 });
      }
      taken += chunk.length;
      if (!gathered.add(chunk)) throw tooLarge(name, most);
    }
  } finally {
    room?.give(taken);
  }
  const { bytes } = gathered;
  if (bytes.length === 0) throw new EyrieError('URL_FETCH_FAILED', `${name} answered with an empty body.`);
  return bytes;
}

/** The body without its Content-Encoding. What it grows to is counted by whoever reads it. */
function decoded(response: IncomingMessage, name: string): Readable {
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return response;
  const decoder = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding]!() : undefined;
  if (!decoder) {
    throw new EyrieError('URL_FETCH_FAILED', `${name} answered with a Content-Encoding that is not read here.`);
  }
  // What fails is thrown where the decoder is read.
  pipeline(response, decoder, () => undefined);
  return decoder;
}

function tooLarge(name: string, bound: Limit): EyrieError {
  return new EyrieError('IMAGE_TOO_LARGE', `${name} leads to more bytes than an image may have`, { bound });
}
