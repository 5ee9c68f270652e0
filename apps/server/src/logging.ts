import type { LoggerService } from '@nestjs/common';
import pino, { type DestinationStream, type Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import type { Request, RequestHandler, Response } from 'express';
import { isProbe, pathOf } from './http/probes';
import { contextOf } from './http/request-context';

/** JSON lines with `timestamp`, `level` and `message`. */
export function createLogger(name: string, level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      name,
      level,
      messageKey: 'message',
      base: undefined,
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ sync: false }),
  );
}

/** One line per request, when it is over. */
export function requestLog(logger: Logger): RequestHandler {
  return pinoHttp<Request, Response>({
    logger,
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'request_id' },
    genReqId: (_req, res) => contextOf(res).requestId,
    customLogLevel: (req, res, error) => {
      // Not to be ready is an answer; why it is so has lines of its own.
      if (isProbe(req) && !error && res.statusCode !== 500) return 'debug';
      if (res.statusCode >= 500 || error) return 'error';
      return res.statusCode >= 400 ? 'warn' : 'info';
    },
    customSuccessMessage: summary,
    customErrorMessage: summary,
    customSuccessObject: facts,
    customErrorObject: (req, res, _error, found: object) => facts(req, res, found),
    // What is logged comes from `facts`: no headers, which may hold keys.
    serializers: { req: () => undefined, res: () => undefined, err: () => undefined },
  });
}

function facts(req: Request, res: Response, found: { responseTime?: number }): object {
  const { logged, trace } = contextOf(res);
  return {
    ...trace?.ids,
    method: req.method,
    path: pathOf(req),
    status: res.writableFinished ? res.statusCode : 499,
    ...logged,
    duration_ms: found.responseTime,
  };
}

function summary(req: Request, res: Response): string {
  return `${req.method} ${pathOf(req)} ${res.writableFinished ? res.statusCode : 'client left'}`;
}

/** Nest's own messages, in the same log. Its start-up chatter is debug. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }

  error(message: unknown, stack?: string, context?: string): void {
    this.logger.error({ context, stack }, String(message));
  }

  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }
}
