import type { Request } from 'express';
import { EyrieError, type Limit } from '#core';
import { feed } from './feed';
import { Gathered } from './gathered';

/** The body as it is. @throws EyrieError IMAGE_TOO_LARGE, before it is read where its length is announced */
export async function readBytes(req: Request, most: Limit, signal: AbortSignal): Promise<Buffer> {
  const { value: maxBytes } = most;
  const tooLong = () => new EyrieError('IMAGE_TOO_LARGE', 'the body is larger than an image may be', { bound: most });
  const length = req.header('content-length');
  if (Number(length) > maxBytes) throw tooLong();
  const gathered = new Gathered(maxBytes, length === undefined ? undefined : Number(length));
  const take = (piece: Buffer): void => {
    if (!gathered.add(piece)) throw tooLong();
  };
  await feed(req, take, signal, 'copied');
  return gathered.bytes;
}
