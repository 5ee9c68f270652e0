import type { Outgoing } from '../http/exchange';
import { contextOf } from '../http/request-context';
import { tellRoute } from './permit';
import type { Question } from './question';

/** @throws Error where the request has not been admitted: its route is none of those that its dialect has named */
export function questionOf(res: Outgoing, topK?: number): Question {
  const context = contextOf(res);
  const { permit, requestId, trace } = context;
  if (!permit) throw new Error(`${context.path} asks for a prediction without a permit`);
  return {
    permit,
    topK,
    requestId,
    get signal() {
      return context.signal;
    },
    trace,
    onRoute: (route) => tellRoute(res, context.logged, route),
    holdAnswer: (bytes) => context.holdAnswer?.(bytes),
    onAnswered: (then) => res.once('finish', then),
  };
}
