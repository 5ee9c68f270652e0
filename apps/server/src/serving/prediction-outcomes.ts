import { Injectable } from '@nestjs/common';
import { EyrieError, type ErrorCode } from '#core';
import { type Prediction } from '#inference';
import { CanaryGuard, ShadowTraffic, type Route } from '#routing';
import { PredictionMetrics } from '../metrics/prediction.metrics';
import type { GivenPrediction } from './prediction-cache';
import type { Question } from './question';

/** Failures that speak against the version; the others are the image's or the client's. */
const VERSION_AT_FAULT: ReadonlySet<ErrorCode> = new Set(['WORKER_FAILED', 'DEADLINE_EXCEEDED', 'INTERNAL']);

/** Tells everybody who has to know what became of a request: metrics, the guard, shadows. */
@Injectable()
export class PredictionOutcomes {
  constructor(
    private readonly metrics: PredictionMetrics,
    private readonly guard: CanaryGuard,
    private readonly shadows: ShadowTraffic,
  ) {}

  /**
   * The version has worked on an image, be it for one request or for several. The guard judges versions, so it looks
   * at nothing else: answers from the cache would make a version look faster, and its failures rarer, than they are.
   */
  computed(route: Route, prediction: Prediction): void {
    this.metrics.computed(route.version, prediction);
    this.guard.observe(route, prediction.timings.total);
  }

  notComputed(route: Route, error: unknown): void {
    if (!(error instanceof EyrieError)) return;
    const isWithoutWorkers = error.code === 'MODEL_NOT_READY' && !route.version.isServing;
    if (VERSION_AT_FAULT.has(error.code) || isWithoutWorkers) this.guard.observe(route, null);
  }

  /** A client gets an answer. */
  answered(route: Route, image: Uint8Array, given: GivenPrediction, { requestId, onAnswered }: Question): void {
    this.metrics.answered(route, given.classes, given.source);
    const wasComputed = given.source === 'computed';
    onAnswered(() => void this.shadows.copy({ requestId, route, image, prediction: given, wasComputed }));
  }

  /** A client gets an error, or has left. */
  failed(route: Route, error: unknown): void {
    this.metrics.failed(route, error);
  }
}
