import type { ServerResponse } from 'node:http';
import { contextOf } from '../http/request-context';
import { tellRoute } from './permit';
import { clientOf } from './rate-limit';
import type { Question } from './question';

/** @param address of the client @throws Error where the request has not been admitted: its route is none of those that its dialect has named */
export function questionOf(res: ServerResponse, address: string, topK?: number): Question {
  const context = contextOf(res);
  const { permit, requestId, trace } = context;
  const keyId = context.logged.key_id;
  if (!permit) throw new Error(`${context.path} asks for a prediction without a permit`);
  return {
    permit,
    topK,
    requestId,
    caller: typeof keyId === 'string' ? `key ${keyId}` : clientOf(address),
    get signal() {
      return context.signal;
    },
    trace,
    onRoute: (route) => tellRoute(res, context.logged, route),
    onAnswered: (then) => res.once('finish', then),
  };
}
