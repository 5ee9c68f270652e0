import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { ModelRegistry } from '#registry';
import { CanaryGuard, ShadowTraffic, type GuardStatus } from '#routing';

/** Gauges of what guards and shadows know at the moment of a scrape. */
@Injectable()
export class CanaryMetrics {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly guard: CanaryGuard,
    private readonly shadows: ShadowTraffic,
    @InjectMetric('canary_guard_window_requests') private readonly requests: Gauge,
    @InjectMetric('canary_guard_window_error_ratio') private readonly errors: Gauge,
    @InjectMetric('canary_guard_window_latency_p95_seconds') private readonly latency: Gauge,
    @InjectMetric('canary_guard_disagreement_ratio') private readonly disagreement: Gauge,
    @InjectMetric('canary_guard_step_age_seconds') private readonly stepAge: Gauge,
    @InjectMetric('canary_guard_min_requests') private readonly minRequests: Gauge,
    @InjectMetric('canary_guard_limit') private readonly limit: Gauge,
    @InjectMetric('shadow_confidence_shift') private readonly confidenceShift: Gauge,
    @InjectMetric('shadow_latency_difference_seconds') private readonly latencyDifference: Gauge,
  ) {}

  /** Brings the gauges up to date; of a canary that is over, nothing remains. */
  sample(): void {
    const { requests, errors, latency, disagreement, stepAge, minRequests, limit } = this;
    for (const gauge of [requests, errors, latency, disagreement, stepAge, minRequests, limit]) gauge.reset();
    this.confidenceShift.reset();
    this.latencyDifference.reset();
    for (const { name: model } of this.registry.list()) {
      const status = this.guard.status(model);
      if (status) this.sampleGuard(model, status);
      this.sampleShadows(model);
    }
  }

  private sampleGuard(model: string, { guard, input, windows }: GuardStatus): void {
    for (const [variant, { requests, errorRate, p95 }] of windows) {
      this.requests.set({ model, variant }, requests);
      this.errors.set({ model, variant }, errorRate);
      if (p95 !== null) this.latency.set({ model, variant }, p95 / 1000);
    }
    const labels = { model, variant: guard.variant };
    if (input.all.comparisons > 0) this.disagreement.set(labels, input.all.disagreement);
    this.stepAge.set(labels, input.stepAge);
    this.minRequests.set(labels, guard.min_requests);
    this.limit.set({ ...labels, limit: 'error_ratio' }, guard.max_error_rate);
    this.limit.set({ ...labels, limit: 'latency_p95_ratio' }, guard.max_p95_ratio);
    if (guard.max_disagreement !== undefined) {
      this.limit.set({ ...labels, limit: 'disagreement_ratio' }, guard.max_disagreement);
    }
  }

  private sampleShadows(model: string): void {
    for (const { version, compared, confidence_shift, latency_difference_ms } of this.shadows.summaries(model)) {
      if (compared === 0) continue;
      this.confidenceShift.set({ model, version }, confidence_shift);
      this.latencyDifference.set({ model, version }, latency_difference_ms / 1000);
    }
  }
}
