import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { AllRefusedError, eventLoopShare, EyrieError } from '#core';
import type { Route } from '#routing';
import { detailFor } from '../../http/problem';
import { contextOf } from '../../http/request-context';
import { writePieces } from '../../http/write-pieces';
import type { Source } from '../../inputs/source';
import type { Answer } from '../../serving/prediction.service';
import type { BatchItemDto, BatchResponse, ModelUsed, PredictResponse, TimingDto } from './predict.dto';
import { jsonOf } from './json-in-pieces';
import { TaskDialects } from './task-dialect';

/** The one place where an answer becomes a body, headers and what the log line says. */
@Injectable()
export class PredictionReport {
  constructor(private readonly tasks: TaskDialects) {}

  single(res: Response, answer: Answer): object {
    const { body, logged } = this.tasks.present(answer.task, answer.output);
    const context = contextOf(res);
    const timing_ms = timingOf(answer);
    const cached = answer.source !== 'computed';
    res.setHeader('Server-Timing', serverTiming(timing_ms));
    Object.assign(context.logged, logged, { cached, timing_ms });
    const head = { request_id: context.requestId, model: modelUsed(answer.route) };
    return { ...head, ...body, cached, timing_ms } satisfies Omit<PredictResponse, 'outputs'>;
  }

  /** @param body a `PredictResponse` */
  async write(res: Response, body: object): Promise<void> {
    if (!('outputs' in body)) return void res.json(body);
    res.setHeader('Content-Type', JSON_TYPE);
    await writePieces(res, jsonOf(body));
  }

  /** An answer among those of a batch, or those to several rows. */
  item(answer: Answer): Items {
    return this.tasks.presentAll(answer);
  }

  /**
   * Writes the body, a `BatchResponse`, some items at a time, so that others have their turn meanwhile.
   * @param sources what was asked, as it was sent
   * @throws EyrieError where a CSV is wrong as a whole
   */
  async writeBatch(res: Response, sources: readonly (Source | EyrieError)[], answered: Answered): Promise<void> {
    const { requestId, logged } = contextOf(res);
    const { route, results } = answered;
    const items = results.map((result, i) => itemsOf(result, sources[i]!));
    const head = { request_id: requestId, model: modelUsed(route) } satisfies Omit<BatchResponse, 'results'>;
    res.setHeader('Content-Type', JSON_TYPE);
    await writePieces(res, jsonOfBatch(head, items, logged));
  }
}

const JSON_TYPE = 'application/json; charset=utf-8';

async function* jsonOfBatch(
  head: object,
  items: readonly Items[],
  logged: Record<string, unknown>,
): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"results":[`;
  let failed = 0;
  let index = 0;
  for (const some of inPieces(items)) {
    if (index > 0) yield ',';
    if (some.some(isOfTensors)) {
      for (const [i, item] of some.entries()) {
        if (i > 0) yield ',';
        yield* jsonOf(toItem(item, index++));
      }
    } else {
      await eventLoopShare.turn();
      let text = '';
      eventLoopShare.spend(() => (text = some.map((item) => JSON.stringify(toItem(item, index++))).join()));
      yield text;
    }
    failed += some.filter((item) => item instanceof EyrieError).length;
  }
  Object.assign(logged, { images: index, failed });
  yield ']}';
}

function isOfTensors(item: object): boolean {
  return 'outputs' in item;
}

/** Written at once: a fraction of a millisecond, or a few where there are many classes. */
const ITEMS_AT_ONCE = 32;

function* inPieces(all: readonly Items[]): Generator<(object | EyrieError)[]> {
  let piece: (object | EyrieError)[] = [];
  for (const items of all) {
    for (const item of items) {
      piece.push(item);
      if (piece.length < ITEMS_AT_ONCE) continue;
      yield piece;
      piece = [];
    }
  }
  if (piece.length > 0) yield piece;
}

type Items = Iterable<object | EyrieError>;
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
