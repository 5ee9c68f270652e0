import type { Request } from 'express';
import { invalidField } from '#core';
import type { Config } from '../../config';
import { inBodyTime } from '../../inputs/in-body-time';
import { readPlainObject } from '../../inputs/json/plain';
import { requirePlainBody } from '../../inputs/plain-body';

const LIMITS = { maxBytes: 64 * 1024, maxDepth: 8 };

/** A JSON object, where there is a body: some clients send none, and nobody says of what type it is. @throws EyrieError INVALID_REQUEST, UNSUPPORTED_MEDIA_TYPE, DEADLINE_EXCEEDED */
export async function readSmallBody(
  req: Request,
  { BODY_TIMEOUT_MS }: Pick<Config, 'BODY_TIMEOUT_MS'>,
  known: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  requirePlainBody(req);
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = req.headers;
  if (Number(length) === 0 && encoding === undefined) return {};
  const body = await inBodyTime(BODY_TIMEOUT_MS, (signal) => readPlainObject(req, LIMITS, signal));
  const other = Object.keys(body).find((name) => !known.includes(name));
  if (other !== undefined)
    throw invalidField(other.slice(0, 100), `is not known here; known here: ${known.join(', ')}`);
  return body as Record<string, unknown>;
}
