import type { Request, Response } from 'express';
import { contextOf } from '../../http/request-context';
import { toVersionRef, type PredictQuery } from './predict.dto';
import type { PredictionReport } from './prediction-report';
import { routingKeyOf, type Question } from '../../serving/question';

/** @param query the model and the version may also come from the path */
export function questionOf(
  req: Request,
  res: Response,
  { model, version, top_k }: PredictQuery,
  report: PredictionReport,
): Question {
  const context = contextOf(res);
  return {
    model,
    version: version === undefined ? undefined : toVersionRef(version),
    topK: top_k,
    routingKey: routingKeyOf(req),
    requestId: context.requestId,
    get signal() {
      return context.signal;
    },
    trace: context.trace,
    onRoute: (route) => report.routed(res, route),
    onAnswered: (then) => res.once('finish', then),
  };
}
