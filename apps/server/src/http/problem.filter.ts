import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { discardBody } from './discard-body';
import { problem, PROBLEMS, PROBLEM_TYPE } from './problem';
import { contextOf } from './request-context';
import { toEyrieError } from './to-eyrie-error';

/** Turns every error into application/problem+json. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const req = host.switchToHttp().getRequest<Request>();
    const res = host.switchToHttp().getResponse<Response>();
    const { requestId, logged, hasLeft, trace } = contextOf(res);
    if (hasLeft || res.headersSent) {
      res.destroy();
      return;
    }
    if (isHealthReport(thrown)) {
      res.status(thrown.getStatus()).json(thrown.getResponse());
      return;
    }
    const error = toEyrieError(thrown);
    if (error.code === 'INTERNAL' || error.code === 'WORKER_FAILED') {
      this.logger.error({ request_id: requestId, ...trace?.ids, err: error.cause ?? error }, error.message);
    }
    logged.code = error.code;
    logged.detail = error.message;
    if (error.retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(error.retryAfterSeconds));
    discardBody(req);
    const body = problem(error.code, error.message, requestId, { errors: error.errors });
    res.status(PROBLEMS[error.code].status).type(PROBLEM_TYPE).send(JSON.stringify(body));
  }
}

// terminus reports an unhealthy service by an exception whose body is the report itself.
function isHealthReport(error: unknown): error is HttpException {
  if (!(error instanceof HttpException)) return false;
  const body = error.getResponse();
  return typeof body === 'object' && 'status' in body && 'details' in body;
}
