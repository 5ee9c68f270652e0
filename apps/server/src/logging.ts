import type { LoggerService } from '@nestjs/common';
import pino, { type DestinationStream, type Logger } from 'pino';
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

/**
 * One line per request, when it is over. What it says comes from `facts`: no headers, which may hold keys, no query, no body.
 */
export function requestLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    const started = performance.now();
    let failure: Error | undefined;
    res.once('error', (error) => (failure = error));
    res.once('close', () => {
      const level = failure ? 'error' : levelOf(req, res);
      if (logger.isLevelEnabled(level)) logger[level](facts(req, res, performance.now() - started), summary(req, res));
    });
    next();
  };
}

function levelOf(req: Request, res: Response): 'debug' | 'info' | 'warn' | 'error' {
  // Not to be ready is an answer; why it is so has lines of its own.
  if (isProbe(req) && res.statusCode !== 500) return 'debug';
  if (res.statusCode >= 500) return 'error';
  return res.statusCode >= 400 ? 'warn' : 'info';
}

function facts(req: Request, res: Response, durationMs: number): object {
  const { requestId, logged, trace } = contextOf(res);
  return {
    request_id: requestId,
    ...trace?.ids,
    method: req.method,
    path: pathOf(req),
    status: res.writableFinished ? res.statusCode : 499,
    ...logged,
    duration_ms: Math.round(durationMs * 100) / 100,
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
