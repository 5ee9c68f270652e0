import type { Response } from 'express';
import { contextOf } from '../../http/request-context';
import { tellRoute } from '../../serving/permit';
import { clientOf } from '../../serving/rate-limit';
import type { Question } from '../../serving/question';

/** @param address of the client @throws Error where the request has not been admitted: its route is missing in `prediction-routes.ts` */
export function questionOf(res: Response, address: string, topK: number | undefined): Question {
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
