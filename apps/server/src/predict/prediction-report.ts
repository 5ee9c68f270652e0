import type { Response } from 'express';
import { EyrieError, type Prediction, type Timings } from '#inference';
import type { Route } from '#routing';
import { contextOf } from '../http/request-context';
import type { BatchResponse, ModelUsed, PredictResponse } from './predict.dto';
import type { Answer } from './prediction.service';

/** The one place where an answer becomes a body, headers and what the log line says. */
export class PredictionReport {
  single(res: Response, { route, prediction }: Answer): PredictResponse {
    const { requestId, logged } = contextOf(res);
    const model = this.name(res, route);
    const timing = rounded(prediction.timings);
    res.setHeader('Server-Timing', serverTiming(timing));
    const [best] = prediction.classes;
    Object.assign(logged, { class: best?.label, confidence: best?.confidence, timing_ms: timing });
    return { request_id: requestId, model, predictions: prediction.classes, cached: false, timing_ms: timing };
  }

  batch(res: Response, { route, results }: { route: Route; results: (Prediction | EyrieError)[] }): BatchResponse {
    const { requestId, logged } = contextOf(res);
    const model = this.name(res, route);
    Object.assign(logged, { images: results.length, failed: results.filter((r) => r instanceof EyrieError).length });
    return {
      request_id: requestId,
      model,
      results: results.map((result, index) =>
        result instanceof EyrieError
          ? { index, error: { code: result.code, detail: result.message } }
          : { index, predictions: result.classes },
      ),
    };
  }

  private name(res: Response, { version, variant }: Route): ModelUsed {
    const model = { name: version.model, version: version.version, variant };
    res.setHeader('X-Model-Version', String(model.version));
    if (variant !== null) res.setHeader('X-Model-Variant', variant);
    Object.assign(contextOf(res).logged, { model: model.name, version: model.version, variant: variant ?? undefined });
    return model;
  }
}

function rounded(timings: Timings): Timings {
  const round = (ms: number): number => Math.round(ms * 100) / 100;
  const { queue, decode, inference, total } = timings;
  return { queue: round(queue), decode: round(decode), inference: round(inference), total: round(total) };
}

/** https://www.w3.org/TR/server-timing/ */
function serverTiming(timings: Timings): string {
  return Object.entries(timings)
    .map(([stage, ms]) => `${stage};dur=${ms}`)
    .join(', ');
}
