import type { Request } from 'express';
import { EyrieError } from '#core';

/** @throws EyrieError UNSUPPORTED_MEDIA_TYPE for a compressed body, since what it would become has no limit, and for a form */
export function requirePlainBody(req: Request): void {
  const { 'content-encoding': encoding = 'identity', 'content-type': type = '' } = req.headers;
  if (encoding.toLowerCase() !== 'identity') {
    throw new EyrieError('UNSUPPORTED_MEDIA_TYPE', 'send the body as it is, without Content-Encoding');
  }
  if (/^\s*multipart\//i.test(type)) {
    throw new EyrieError('UNSUPPORTED_MEDIA_TYPE', 'send JSON, or JSON and the bytes of tensors, and no form');
  }
}
