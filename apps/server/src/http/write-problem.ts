import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { EyrieError } from '#core';
import { problem, PROBLEM_TYPE, PROBLEMS } from './problem';
import { contextOf } from './request-context';

/** Answers a request with application/problem+json, wherever it failed. Nothing else does. */
export function writeProblem(res: ServerResponse, error: EyrieError, logger: Logger): void {
  const { requestId, logged, hasLeft, trace } = contextOf(res);
  if (hasLeft || res.headersSent) {
    res.destroy();
    return;
  }
  const { code, message, retryAfterSeconds, errors } = error;
  if (code === 'INTERNAL' || code === 'WORKER_FAILED') {
    logger.error({ request_id: requestId, ...trace?.ids, err: error.cause ?? error }, message);
  }
  logged.code = code;
  logged.detail = message;
  const body = JSON.stringify(problem(code, message, requestId, { errors }));
  res.statusCode = PROBLEMS[code].status;
  if (retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(retryAfterSeconds));
  res.setHeader('Content-Type', PROBLEM_TYPE);
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(body);
}
