import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import type { Logger } from 'pino';
import { contextOf } from './request-context';
import { toEyrieError } from './to-eyrie-error';
import { writeProblem } from './write-problem';

/** Turns every error into application/problem+json. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const res = host.switchToHttp().getResponse<Response>();
    if (isHealthReport(thrown) && !contextOf(res).hasLeft && !res.headersSent) {
      res.status(thrown.getStatus()).json(thrown.getResponse());
    } else {
      writeProblem(res, toEyrieError(thrown), this.logger);
    }
  }
}

// terminus reports an unhealthy service by an exception whose body is the report itself.
function isHealthReport(error: unknown): error is HttpException {
  if (!(error instanceof HttpException)) return false;
  const body = error.getResponse();
  return typeof body === 'object' && 'status' in body && 'details' in body;
}
