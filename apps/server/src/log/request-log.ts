import type { Logger } from 'pino';
import type { Ending } from '../http/exchange';
import { isProbe } from '../http/probes';
import type { RequestObserver } from '../http/request-observer';

/**
 * One line per request, when it is over. No headers, which may hold keys, no query, and nothing from the body.
 */
export function requestLog(logger: Logger): RequestObserver {
  return {
    closed: ({ requestId, path, started, logged, trace, failure }, ending) => {
      const level = failure ? 'error' : levelOf(path, ending);
      if (!logger.isLevelEnabled(level)) return;
      const { method, status, isAnswered } = ending;
      const duration_ms = Math.round((performance.now() - started) * 100) / 100;
      const facts = { request_id: requestId, method, path, status, ...trace?.ids, ...logged, duration_ms };
      logger[level](facts, `${method} ${path} ${isAnswered ? status : 'client left'}`);
    },
  };
}

function levelOf(path: string, { status, isAnswered }: Ending): 'debug' | 'info' | 'warn' | 'error' {
  // Not to be ready is an answer; why it is so has lines of its own.
  if (isProbe(path) && status !== 500) return 'debug';
  if (status >= 500) return 'error';
  return isAnswered && status >= 400 ? 'warn' : 'info';
}
