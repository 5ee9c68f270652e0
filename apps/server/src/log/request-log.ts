import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { RequestObserver } from '../http/first-stage';
import { isProbe } from '../http/probes';
import { statusOf } from '../http/request-context';

/**
 * One line per request, when it is over. No headers, which may hold keys, no query, and nothing from the body.
 */
export function requestLog(logger: Logger): RequestObserver {
  return {
    closed: ({ requestId, path, started, logged, trace, failure }, { method }, res) => {
      const level = failure ? 'error' : levelOf(path, res);
      if (!logger.isLevelEnabled(level)) return;
      const status = statusOf(res);
      const duration_ms = Math.round((performance.now() - started) * 100) / 100;
      const facts = { request_id: requestId, method, path, status, ...trace?.ids, ...logged, duration_ms };
      logger[level](facts, `${method} ${path} ${res.writableFinished ? status : 'client left'}`);
    },
  };
}

function levelOf(path: string, { statusCode }: ServerResponse): 'debug' | 'info' | 'warn' | 'error' {
  // Not to be ready is an answer; why it is so has lines of its own.
  if (isProbe(path) && statusCode !== 500) return 'debug';
  if (statusCode >= 500) return 'error';
  return statusCode >= 400 ? 'warn' : 'info';
}
