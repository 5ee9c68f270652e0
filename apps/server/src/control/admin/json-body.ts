import type { NextFunction, Request, Response } from 'express';
import { EyrieError } from '#core';
import type { Config } from '../../config';
import { inBodyTime } from '../../inputs/in-body-time';
import { readPlainObject } from '../../inputs/json/plain';

/** A policy of 100 variants has some 8 KiB, and four levels. What walks a body field by field must not be led much deeper. */
const LIMITS = { maxBytes: 64 * 1024, maxDepth: 32 };

/**
 * Reads the body of a change, where there is one, and refuses what no DTO could be made of.
 * @throws EyrieError INVALID_REQUEST, UNSUPPORTED_MEDIA_TYPE, DEADLINE_EXCEEDED
 */
export function readJsonBody({ BODY_TIMEOUT_MS: ms }: Pick<Config, 'BODY_TIMEOUT_MS'>) {
  return (req: Request, _: Response, next: NextFunction): void => {
    if (!req.is('application/json')) return next();
    if (req.header('content-length') === '0') {
      req.body = {};
      return next();
    }
    if ((req.header('content-encoding') ?? 'identity').toLowerCase() !== 'identity') {
      return next(new EyrieError('UNSUPPORTED_MEDIA_TYPE', 'send the body as it is, without Content-Encoding'));
    }
    inBodyTime(ms, (signal) => readPlainObject(req, LIMITS, signal)).then((body) => {
      req.body = body;
      next();
    }, next);
  };
}
