import { json, type RequestHandler } from 'express';
import { EyrieError } from '#core';
import { isDeeperThan } from '#validation';

/** A policy of 100 variants is far smaller. */
const BODY_LIMIT = '256kb';
/** A policy has four. What walks a body field by field must not be led any deeper. */
const MAX_DEPTH = 32;

/** Reads the body of a change and refuses what no DTO could be made of. @throws EyrieError INVALID_REQUEST */
export const readJsonBody: RequestHandler[] = [
  json({ limit: BODY_LIMIT, inflate: false }),
  (req, _, next) => {
    const body: unknown = req.body;
    if (body === undefined) return next();
    if (Array.isArray(body)) throw new EyrieError('INVALID_REQUEST', 'the body must be a JSON object');
    if (isDeeperThan(body, MAX_DEPTH)) {
      throw new EyrieError('INVALID_REQUEST', `the body is nested more than ${MAX_DEPTH} levels deep`);
    }
    next();
  },
];
