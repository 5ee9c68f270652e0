import type { Request } from 'express';
import { EyrieError } from '#core';

/** @param what is sent, for messages @throws EyrieError UNSUPPORTED_MEDIA_TYPE for a body that says that it is of another charset */
export function requireUtf8(req: Request, what: string): void {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(req.header('content-type') ?? '')?.[1] ?? 'utf-8';
  if (/^(utf-?8|us-ascii)$/i.test(charset)) return;
  throw new EyrieError('UNSUPPORTED_MEDIA_TYPE', `${what} must be UTF-8, not ${charset}`);
}
