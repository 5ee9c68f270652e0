import type { Response } from 'express';
import { contextOf } from '../../http/request-context';
import { tellRoute } from '../../serving/permit';
import type { Question } from '../../serving/question';

/** @throws Error where the request has not been admitted: its route is missing in `prediction-routes.ts` */
export function questionOf(res: Response, topK: number | undefined): Question {
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
    onAnswered: (then) => res.once('finish', then),
  };
}
