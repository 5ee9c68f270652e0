import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import type { CacheSource } from '#cache';
import type { ErrorCode, ServedTask, Timings } from '#core';
import type { ModelVersion } from '#registry';
import type { Route } from '#routing';

/** Counts answers and failures, and where their time went. */
@Injectable()
export class PredictionMetrics {
  private readonly last = new WeakMap<ModelVersion, number>();

  constructor(
    @InjectMetric('predictions_total') private readonly predictions: Counter,
    @InjectMetric('prediction_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('prediction_confidence') private readonly confidence: Histogram,
    @InjectMetric('prediction_class_total') private readonly classes: Counter,
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
  answered(route: Route, task: ServedTask, output: unknown, source: CacheSource): void {
    const labels = { model: route.version.model, version: route.version.version };
    this.predictions.inc({ ...labels, variant: route.variant ?? '', outcome: 'success' });
    this.cache.inc({ ...labels, source });
    const headline = task.headline(output);
    if (headline) this.confidence.observe(labels, headline.confidence);
    for (const { class_id, label } of task.named(output)) this.classes.inc({ ...labels, class_id, label });
  }

  failed(route: Route, outcome: ErrorCode | 'CLIENT_LEFT'): void {
    const { model, version } = route.version;
    this.predictions.inc({ model, version, variant: route.variant ?? '', outcome });
  }
}
