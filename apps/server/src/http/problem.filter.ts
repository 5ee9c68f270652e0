import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { EyrieError } from '#inference';
import type { Logger } from 'pino';
import { problem, PROBLEMS } from './problem';
import { ClientLeftError, contextOf } from './request-context';
import { toEyrieError } from './to-eyrie-error';

/** Which methods a path has; empty when there is no such path. */
export type AllowedMethods = (path: string) => string[];

/** Turns every error into application/problem+json. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly allowedMethods: AllowedMethods,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const req = host.switchToHttp().getRequest<Request>();
    const res = host.switchToHttp().getResponse<Response>();
    const { requestId, logged } = contextOf(res);
    if (thrown instanceof ClientLeftError || res.headersSent) {
      res.destroy();
      return;
    }
    if (isHealthReport(thrown)) {
      res.status(thrown.getStatus()).json(thrown.getResponse());
      return;
    }
    const error = this.withMethod(toEyrieError(thrown), req, res);
    if (error.code === 'INTERNAL' || error.code === 'WORKER_FAILED') {
      this.logger.error({ request_id: requestId, err: error.cause ?? error }, error.message);
    }
    logged.code = error.code;
    logged.detail = error.message;
    if (error.retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(error.retryAfterSeconds));
    // What is left of an upload is not worth reading.
    if (hasBody(req) && !req.complete) res.setHeader('Connection', 'close');
    const body = problem(error.code, error.message, requestId, { errors: error.errors });
    res.status(PROBLEMS[error.code].status).type('application/problem+json').send(JSON.stringify(body));
  }

  /** A known path with a method that it does not have is a 405, which must say what it has (RFC 9110, 15.5.6). */
  private withMethod(error: EyrieError, req: Request, res: Response): EyrieError {
    if (error.code !== 'ROUTE_NOT_FOUND') return error;
    const methods = this.allowedMethods(req.path);
    if (methods.length === 0) return error;
    res.setHeader('Allow', methods.join(', '));
    return new EyrieError('METHOD_NOT_ALLOWED', `${req.path} has no ${req.method}; it has ${methods.join(', ')}`);
  }
}

function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length']) > 0;
}

// terminus reports an unhealthy service by an exception whose body is the report itself.
function isHealthReport(error: unknown): error is HttpException {
  if (!(error instanceof HttpException)) return false;
  const body = error.getResponse();
  return typeof body === 'object' && 'status' in body && 'details' in body;
}
