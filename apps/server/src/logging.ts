import type { LoggerService } from '@nestjs/common';
import pino, { type DestinationStream, type Logger } from 'pino';
import type { Request, RequestHandler, Response } from 'express';
import type { ServerResponse } from 'node:http';
import { isProbe, pathOf } from './http/probes';
import { contextOf, statusOf } from './http/request-context';

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
  return (req, res, next) => {
    const started = performance.now();
    let failure: Error | undefined;
    res.once('error', (error) => (failure = error));
    res.once('close', () => {
      const level = failure ? 'error' : levelOf(req, res);
      if (!logger.isLevelEnabled(level)) return;
      const { requestId, logged, trace } = contextOf(res);
      const facts = { ...trace?.ids, ...logged };
      logRequest(logger, level, { requestId, method: req.method, path: pathOf(req), facts, res }, started);
    });
    next();
  };
}

export interface LoggedRequest {
  requestId: string;
  method: string;
  path: string;
  /** What else is to be said. No headers, which may hold keys, no query, and nothing from the body. */
  facts: Record<string, unknown>;
  res: ServerResponse;
}

/** @param started on performance.now()'s clock */
export function logRequest(
  logger: Logger,
  level: 'debug' | 'info' | 'warn' | 'error',
  { requestId, method, path, facts, res }: LoggedRequest,
  started: number,
): void {
  const status = statusOf(res);
  const duration_ms = Math.round((performance.now() - started) * 100) / 100;
  const outcome = res.writableFinished ? status : 'client left';
  logger[level]({ request_id: requestId, method, path, status, ...facts, duration_ms }, `${method} ${path} ${outcome}`);
}

function levelOf(req: Request, res: Response): 'debug' | 'info' | 'warn' | 'error' {
  // Not to be ready is an answer; why it is so has lines of its own.
  if (isProbe(req) && res.statusCode !== 500) return 'debug';
  if (res.statusCode >= 500) return 'error';
  return res.statusCode >= 400 ? 'warn' : 'info';
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
