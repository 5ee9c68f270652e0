import type { Request } from 'express';
import { EyrieError, type Limit } from '#core';
import { feed } from '../feed';
import { requireUtf8 } from '../require-utf8';
import { JsonReader } from './reader';
import type { ValueTaker } from './takers';

/** What a body may have, and what more is called: with the setting that decides, where one does. */
export type BodyLimit =
  { maxBytes: number; tooLarge: 'IMAGE_TOO_LARGE'; bound: Limit } | { maxBytes: number; tooLarge: 'INVALID_REQUEST' };

/**
 * Reads a JSON body into a schema.
 * @throws EyrieError INVALID_REQUEST, IMAGE_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, and what the schema throws
 */
export async function readJson(req: Request, limit: BodyLimit, body: ValueTaker, signal: AbortSignal): Promise<void> {
  requireUtf8(req, 'JSON');
  const { maxBytes } = limit;
  const tooLong = () => {
    const detail = `the body has more than the ${maxBytes} bytes that are allowed here`;
    if (limit.tooLarge === 'INVALID_REQUEST') return new EyrieError('INVALID_REQUEST', detail);
    return new EyrieError('IMAGE_TOO_LARGE', detail, { bound: limit.bound });
  };
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
