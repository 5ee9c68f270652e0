import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { EyrieError } from '#core';
import type { ErrorForm } from './error-forms';
import { detailFor, problem, PROBLEM_TYPE, PROBLEMS } from './problem';
import { contextOf, type RequestContext } from './request-context';

/** Answers a request with its error, wherever it failed: as the path's dialect has it, or as a problem. Nothing else does. */
export function writeProblem(res: ServerResponse, error: EyrieError, logger: Logger): void {
  const context = contextOf(res);
  const { requestId, hasLeft, errorForm = asProblem } = context;
  if (hasLeft || res.headersSent) {
    res.destroy();
    return;
  }
  tellFailure(context, error, logger);
  const { code, retryAfterSeconds } = error;
  const { type, body } = errorForm(error, requestId);
  const text = JSON.stringify(body);
  res.statusCode = PROBLEMS[code].status;
  if (retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(retryAfterSeconds));
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

/** What the log is to know of a request that failed. @returns what its client may */
export function tellFailure({ requestId, logged, trace }: RequestContext, error: EyrieError, logger: Logger): string {
  const { code, message } = error;
  if (code === 'INTERNAL' || code === 'WORKER_FAILED') {
    logger.error({ request_id: requestId, ...trace?.ids, err: error.cause ?? error }, message);
  }
  logged.code = code;
  logged.detail = message;
  return detailFor(code, message);
}

const asProblem: ErrorForm = ({ code, message, errors }, requestId) => ({
  type: PROBLEM_TYPE,
  body: problem(code, message, requestId, { errors }),
});
