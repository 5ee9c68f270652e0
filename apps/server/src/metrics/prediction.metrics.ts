import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import type { CacheSource } from '#cache';
import { eventLoopShare, type ErrorCode, type InferenceInput, type ServedTask, type Timings } from '#core';
import type { ModelVersion } from '#registry';
import type { Route } from '#routing';

/** Counted at once: a histogram takes a microsecond for each. */
const COUNTED_AT_ONCE = 256;

/** Counts answers and failures, and where their time went. */
@Injectable()
export class PredictionMetrics {
  private readonly last = new WeakMap<ModelVersion, number>();

  constructor(
    @InjectMetric('predictions_total') private readonly predictions: Counter,
    @InjectMetric('prediction_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('prediction_confidence') private readonly confidence: Histogram,
    @InjectMetric('prediction_class_total') private readonly classes: Counter,
    @InjectMetric('prediction_value') private readonly values: Histogram,
    @InjectMetric('cache_requests_total') private readonly cache: Counter,
  ) {}

  /** A version has worked on an input, for one request or for several. */
  computed(by: ModelVersion, timings: Timings): void {
    const { model, version } = by;
    this.last.set(by, new Date().getTime());
    for (const [stage, ms] of Object.entries(timings)) this.duration.observe({ model, version, stage }, ms / 1000);
  }

  /** When the version last did; milliseconds since 1970. */
  lastComputed(version: ModelVersion): number | undefined {
    return this.last.get(version);
  }

  /** A client gets an answer, wherever it comes from. */
  answered(
    route: Route,
    task: ServedTask,
    { questions = 1, refused }: InferenceInput,
    output: unknown,
    source: CacheSource,
  ): void {
    const labels = { model: route.version.model, version: route.version.version };
    const variant = route.variant ?? '';
    this.predictions.inc({ ...labels, variant, outcome: 'success' }, questions);
    for (const { code } of refused?.values() ?? []) this.predictions.inc({ ...labels, variant, outcome: code });
    this.cache.inc({ ...labels, source }, questions);
    const { classes = [], confidences = [], values = [] } = task.tally(output);
    for (const { class_id, label, count } of classes) this.classes.inc({ ...labels, class_id, label }, count);
    void observeAll(this.confidence, labels, confidences);
    void observeAll(this.values, labels, values);
  }

  failed(route: Route, outcome: ErrorCode | 'CLIENT_LEFT', questions = 1): void {
    const { model, version } = route.version;
    this.predictions.inc({ model, version, variant: route.variant ?? '', outcome }, questions);
  }
}

/** Those of a large answer take their time, so others have theirs meanwhile. */
async function observeAll(
  histogram: Histogram,
  labels: Record<string, string | number>,
  numbers: ArrayLike<number>,
): Promise<void> {
  for (let from = 0; from < numbers.length; from += COUNTED_AT_ONCE) {
    if (from > 0) await eventLoopShare.turn();
    const end = Math.min(numbers.length, from + COUNTED_AT_ONCE);
    eventLoopShare.spend(() => {
      for (let i = from; i < end; i++) histogram.observe(labels, numbers[i]!);
    });
  }
}
