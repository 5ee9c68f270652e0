import { EyrieError, type ErrorCode } from '#core';
import type { ServerAccess } from '../registry/server-access';
import type { Answer, Asked, Oracle } from './oracle';

/** What is about one picture; whatever else a server answers, it would answer for the next one as well. */
const ABOUT_ONE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INVALID_IMAGE',
  'INVALID_REQUEST',
  'IMAGE_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'URL_NOT_ALLOWED',
  'URL_FETCH_FAILED',
  'DEADLINE_EXCEEDED',
  'OVERLOADED',
  'WORKER_FAILED',
]);

/** A running server; its policy says which version answers where nobody else does. */
export function oracleThere(server: ServerAccess, { model, version, top, routingKey }: Asked): Oracle {
  const query = new URLSearchParams();
  if (model !== undefined) query.set('model', model);
  if (version !== undefined) query.set('version', String(version));
  if (top !== undefined) query.set('top_k', String(top));
  const asked = query.size > 0 ? `?${query.toString()}` : '';
  const headers: Record<string, string> = routingKey === undefined ? {} : { 'X-Routing-Key': routingKey };
  return {
    ask(question) {
      if ('csv' in question) {
        return server.call('POST', `/v1/predict/batch${asked}`, question.csv, {
          ...headers,
          'Content-Type': 'text/csv',
        });
      }
      const body = 'bytes' in question ? question.bytes : 'json' in question ? question.json : question;
      const path = 'json' in question && isBatch(question.json) ? '/v1/predict/batch' : '/v1/predict';
      return server.call<Answer>('POST', path + asked, body, headers);
    },
    concernsAll: (error) => error instanceof EyrieError && !ABOUT_ONE.has(error.code),
    stop: () => Promise.resolve(),
  };
}

function isBatch(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'items' in json;
}
