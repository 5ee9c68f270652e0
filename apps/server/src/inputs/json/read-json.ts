import type { Request } from 'express';
import { EyrieError, type ErrorCode } from '#core';
import { feed } from '../feed';
import { requireUtf8 } from '../require-utf8';
import { JsonReader } from './reader';
import type { ValueTaker } from './takers';

/**
 * Reads a JSON body into a schema.
 * @param tooLarge what more than `maxBytes` is called
 * @throws EyrieError INVALID_REQUEST, IMAGE_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, and what the schema throws
 */
export async function readJson(
  req: Request,
  maxBytes: number,
  body: ValueTaker,
  signal: AbortSignal,
  tooLarge: ErrorCode = 'IMAGE_TOO_LARGE',
): Promise<void> {
  requireUtf8(req, 'JSON');
  const tooLong = () => new EyrieError(tooLarge, `the body has more than the ${maxBytes} bytes that are allowed here`);
  if (Number(req.header('content-length')) > maxBytes) throw tooLong();

  const reader = new JsonReader(body);
  let received = 0;
  const take = (piece: Buffer): void => {
    received += piece.length;
    if (received > maxBytes) throw tooLong();
    reader.write(piece);
  };
  await feed(req, take, signal);
  reader.end();
}
