import type { Response } from 'express';
import { EyrieError } from '#core';
import { type Prediction, type Timings } from '#inference';
import type { Route } from '#routing';
import { contextOf } from '../../http/request-context';
import type { BatchResponse, ModelUsed, PredictResponse } from './predict.dto';
import type { Answer } from '../../serving/prediction.service';

/** The one place where an answer becomes a body, headers and what the log line says. */
export class PredictionReport {
  single(res: Response, { route, prediction }: Answer): PredictResponse {
    const { requestId, logged } = contextOf(res);
    const timing = rounded(prediction.timings);
    res.setHeader('Server-Timing', serverTiming(timing));
    const [best] = prediction.classes;
    const cached = prediction.source !== 'computed';
    Object.assign(logged, { class: best?.label, confidence: best?.confidence, cached, timing_ms: timing });
    return {
      request_id: requestId,
      model: modelUsed(route),
      predictions: prediction.classes,
      cached,
      timing_ms: timing,
    };
  }

  batch(res: Response, { route, results }: { route: Route; results: (Prediction | EyrieError)[] }): BatchResponse {
    const { requestId, logged } = contextOf(res);
    Object.assign(logged, { images: results.length, failed: results.filter((r) => r instanceof EyrieError).length });
    return {
      request_id: requestId,
      model: modelUsed(route),
      results: results.map((result, index) =>
        result instanceof EyrieError
          ? { index, error: { code: result.code, detail: result.message } }
          : { index, predictions: result.classes },
      ),
    };
  }
}

function modelUsed({ version, variant }: Route): ModelUsed {
  return { name: version.model, version: version.version, variant };
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
