import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { ModelRegistry } from '#registry';
import { BUILD_INFO } from '../build-info';

/** Gauges that are read off the registry at the moment of a scrape. */
@Injectable()
export class LiveMetrics implements OnModuleInit {
  constructor(
    private readonly registry: ModelRegistry,
    @InjectMetric('inference_queue_depth') private readonly queueDepth: Gauge,
    @InjectMetric('inference_workers') private readonly workers: Gauge,
    @InjectMetric('variant_weight') private readonly weights: Gauge,
    @InjectMetric('policy_revision') private readonly revisions: Gauge,
    @InjectMetric('build_info') private readonly buildInfo: Gauge,
  ) {}

  onModuleInit(): void {
    this.buildInfo.set({ ...BUILD_INFO, node: process.version }, 1);
  }

  /** Brings the gauges up to date. */
  sample(): void {
    this.queueDepth.reset();
    this.workers.reset();
    this.weights.reset();
    this.revisions.reset();
    for (const { name: model, versions, policy } of this.registry.list()) {
      this.revisions.set({ model }, policy.revision);
      for (const { name, weight } of policy.variants ?? []) this.weights.set({ model, variant: name }, weight / 100);
      for (const [version, { predictor }] of versions) {
        if (!predictor) continue;
        this.queueDepth.set({ model, version }, predictor.queueDepth);
        this.workers.set({ model, version, state: 'ready' }, predictor.workers.ready);
        this.workers.set({ model, version, state: 'starting' }, predictor.workers.starting);
      }
    }
  }
}
