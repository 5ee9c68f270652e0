import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import type { CacheSource } from '#cache';
import { EyrieError } from '#core';
import { type ClassScore, type Prediction } from '#inference';
import type { ModelVersion } from '#registry';
import type { Route } from '#routing';

/** Counts answers and failures, and where their time went. */
@Injectable()
export class PredictionMetrics {
  constructor(
    @InjectMetric('predictions_total') private readonly predictions: Counter,
    @InjectMetric('prediction_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('prediction_confidence') private readonly confidence: Histogram,
    @InjectMetric('prediction_class_total') private readonly classes: Counter,
    @InjectMetric('cache_requests_total') private readonly cache: Counter,
  ) {}

  /** A version has worked on an image, for one request or for several. */
  computed({ model, version }: ModelVersion, { timings }: Prediction): void {
    for (const [stage, ms] of Object.entries(timings)) this.duration.observe({ model, version, stage }, ms / 1000);
  }

  /** A client gets an answer, wherever it comes from. */
  answered(route: Route, classes: readonly ClassScore[], source: CacheSource): void {
    const labels = { model: route.version.model, version: route.version.version };
    this.predictions.inc({ ...labels, variant: route.variant ?? '', outcome: 'success' });
    this.cache.inc({ ...labels, source });
    const [best] = classes;
    if (!best) return;
    this.confidence.observe(labels, best.confidence);
    this.classes.inc({ ...labels, label: best.label });
  }

  failed(route: Route, error: unknown): void {
    const outcome = error instanceof EyrieError ? error.code : 'CLIENT_LEFT';
    const { model, version } = route.version;
    this.predictions.inc({ model, version, variant: route.variant ?? '', outcome });
  }
}
