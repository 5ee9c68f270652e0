import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { AllRefusedError, EyrieError } from '#core';
import type { Route } from '#routing';
import { detailFor } from '../../http/problem';
import { contextOf } from '../../http/request-context';
import type { Source } from '../../inputs/source';
import type { Answer } from '../../serving/prediction.service';
import type { BatchItemDto, BatchResponse, ModelUsed, PredictResponse, TimingDto } from './predict.dto';
import { TaskDialects } from './task-dialect';

/** The one place where an answer becomes a body, headers and what the log line says. */
@Injectable()
export class PredictionReport {
  constructor(private readonly tasks: TaskDialects) {}

  single(res: Response, answer: Answer): PredictResponse {
    const { body, logged } = this.tasks.present(answer.task, answer.output);
    const context = contextOf(res);
    const timing_ms = timingOf(answer);
    const cached = answer.source !== 'computed';
    res.setHeader('Server-Timing', serverTiming(timing_ms));
    Object.assign(context.logged, logged, { cached, timing_ms });
    return { request_id: context.requestId, model: modelUsed(answer.route), ...body, cached, timing_ms };
  }

  /** An answer among those of a batch, or those to several rows. */
  item(answer: Answer): Items {
    return this.tasks.presentAll(answer);
  }

  /**
   * @param sources what was asked, as it was sent
   * @throws EyrieError where a CSV is wrong as a whole
   */
  batch(res: Response, sources: readonly (Source | EyrieError)[], answered: Answered): BatchResponse {
    const { requestId, logged } = contextOf(res);
    const { route } = answered;
    const results = answered.results.flatMap((result, i) => itemsOf(result, sources[i]!));
    const failed = results.filter((result) => result instanceof EyrieError).length;
    Object.assign(logged, { images: results.length, failed });
    return { request_id: requestId, model: modelUsed(route), results: results.map(toItem) };
  }
}

type Items = readonly (object | EyrieError)[];
type Answered = { route: Route; results: readonly (Items | EyrieError)[] };

/** What became of the questions of one source. */
function itemsOf(result: Items | EyrieError, source: Source | EyrieError): Items {
  if (!(result instanceof EyrieError)) return result;
  if (result instanceof AllRefusedError) return result.refused;
  // Nobody knows how many rows it would have had.
  if ('csv' in source) throw result;
  return 'rows' in source ? source.rows.map((row) => (row instanceof EyrieError ? row : result)) : [result];
}

function toItem(result: object | EyrieError, index: number): BatchItemDto {
  if (!(result instanceof EyrieError)) return { index, ...result };
  return { index, error: { code: result.code, detail: detailFor(result.code, result.message) } };
}

function modelUsed({ version, variant }: Route): ModelUsed {
  return { name: version.model, version: version.version, variant };
}

/** What was not computed for this request took no time of a worker. */
function timingOf({ timings, totalMs }: Answer): TimingDto {
  const round = (ms: number): number => Math.round(ms * 100) / 100;
  if (!timings) return { queue: 0, decode: 0, inference: 0, total: round(totalMs) };
  const { queue, decode, inference, total } = timings;
  return { queue: round(queue), decode: round(decode), inference: round(inference), total: round(total) };
}

/** https://www.w3.org/TR/server-timing/ */
function serverTiming(timing: TimingDto): string {
  return Object.entries(timing)
    .map(([stage, ms]) => `${stage};dur=${ms}`)
    .join(', ');
}
