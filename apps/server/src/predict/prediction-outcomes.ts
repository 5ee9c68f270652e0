import { Injectable } from '@nestjs/common';
import { EyrieError, type ErrorCode, type Prediction } from '#inference';
import { CanaryGuard, ShadowTraffic, type Route } from '#routing';
import { PredictionMetrics } from '../metrics/prediction.metrics';
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

  answered(route: Route, image: Uint8Array, prediction: Prediction, { requestId, onAnswered }: Question): void {
    this.metrics.answered(route, prediction);
    this.guard.observe(route, prediction.timings.total);
    onAnswered(() => void this.shadows.copy({ requestId, route, image, prediction }));
  }

  failed(route: Route, error: unknown): void {
    this.metrics.failed(route, error);
    if (error instanceof EyrieError && VERSION_AT_FAULT.has(error.code)) this.guard.observe(route, null);
  }
}
