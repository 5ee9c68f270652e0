import { Injectable } from '@nestjs/common';
import { AllRefusedError, EyrieError, observe, type ErrorCode, type InferenceInput, type InferenceResult } from '#core';
import type { LoadedVersion } from '#registry';
import { CanaryGuard, ShadowTraffic, type Route, type Sender } from '#routing';
import { ClientLeftError } from '../http/request-context';
import { PredictionMetrics } from '../metrics/prediction.metrics';
import type { Given } from './inference-cache';
import type { Question } from './question';

/** Failures that speak against the version; the others are the input's or the client's. */
const VERSION_AT_FAULT: ReadonlySet<ErrorCode> = new Set(['WORKER_FAILED', 'DEADLINE_EXCEEDED', 'INTERNAL']);

/** Tells everybody who has to know what became of a request: metrics, the guard, shadows. None of them can change it. */
@Injectable()
export class PredictionOutcomes {
  constructor(
    private readonly metrics: PredictionMetrics,
    private readonly guard: CanaryGuard,
    private readonly shadows: ShadowTraffic,
  ) {}

  /**
   * The version has worked on an input, be it for one request or for several. The guard judges versions, so it looks
   * at nothing else: answers from the cache would make a version look faster, and its failures rarer, than they are.
   */
  computed(route: Route, sender: Sender, { timings, batchCost }: InferenceResult): void {
    observe('metrics', () => this.metrics.computed(route.version, timings));
    observe('guard', () => this.guard.observe(route, { runMs: timings.inference, batchCost }, sender));
  }

  /** It has not, or what it gave cannot be answered with. */
  notComputed(route: Route, sender: Sender, error: unknown): void {
    const code = outcomeOf(error);
    if (code === 'CLIENT_LEFT') return;
    const isWithoutWorkers = code === 'MODEL_NOT_READY' && !route.version.isServing;
    if (VERSION_AT_FAULT.has(code) || isWithoutWorkers) observe('guard', () => this.guard.observe(route, null, sender));
  }

  /** A client gets an answer. */
  answered(route: Route, { task }: LoadedVersion, input: InferenceInput, given: Given, question: Question): void {
    observe('metrics', () => this.metrics.answered(route, task, input, given.output, given.source));
    const { requestId, onAnswered, permit } = question;
    const { sender } = permit;
    const { output, timings } = given;
    onAnswered(
      () => void observe('shadows', () => this.shadows.copy({ requestId, route, sender, input, output, timings })),
    );
  }

  /** A client gets an error, or has left. @param questions how many were asked together, where that is known */
  failed(route: Route, error: unknown, questions = 1): void {
    const count = error instanceof AllRefusedError ? error.refused.length : questions;
    observe('metrics', () => this.metrics.failed(route, outcomeOf(error), count));
  }
}

/** What became of a request that has no answer. An error that nobody expected is ours, not the client's. */
export function outcomeOf(error: unknown): ErrorCode | 'CLIENT_LEFT' {
  if (error instanceof ClientLeftError) return 'CLIENT_LEFT';
  return error instanceof EyrieError ? error.code : 'INTERNAL';
}
