import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { register, type Counter, type Gauge } from 'prom-client';
import { AnswerCache } from '#cache';
import { ModelRegistry, VERSION_STATES, type ModelVersion } from '#registry';
import { BUILD_INFO } from '../build-info';
import { linesLost } from '../log/standard-log';
import { CanaryMetrics } from './canary.metrics';
import { OverloadMetrics } from './overload.metrics';
import { WorkerUsageMetrics } from './worker-usage.metrics';

/** Gauges that prom-client calls `_total`, which is for counters alone; `nodejs_active_*` has the same by type. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Gauges that are read off the registry at the moment of a scrape. */
@Injectable()
export class LiveMetrics implements OnModuleInit {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly cache: AnswerCache,
    private readonly canary: CanaryMetrics,
    private readonly workerUsage: WorkerUsageMetrics,
    private readonly overload: OverloadMetrics,
    @InjectMetric('model_state') private readonly states: Gauge,
    @InjectMetric('model_load_seconds') private readonly loadSeconds: Gauge,
    @InjectMetric('inference_queue_depth') private readonly queueDepth: Gauge,
    @InjectMetric('inference_queue_capacity') private readonly queueCapacity: Gauge,
    @InjectMetric('inference_workers') private readonly workers: Gauge,
    @InjectMetric('variant_weight') private readonly weights: Gauge,
    @InjectMetric('policy_revision') private readonly revisions: Gauge,
    @InjectMetric('registry_problems') private readonly problems: Gauge,
    @InjectMetric('cache_bytes') private readonly cacheBytes: Gauge,
    @InjectMetric('cache_entries') private readonly cacheEntries: Gauge,
    @InjectMetric('log_lines_lost_total') private readonly linesLost: Counter,
    @InjectMetric('build_info') private readonly buildInfo: Gauge,
  ) {}

  onModuleInit(): void {
    this.buildInfo.set({ ...BUILD_INFO, node: process.version }, 1);
    for (const name of MISNAMED) register.removeSingleMetric(name);
  }

  /** Brings the gauges up to date. What is gone from the registry is gone from them, too. */
  sample(): void {
    const { states, loadSeconds, queueDepth, queueCapacity, workers, weights, revisions } = this;
    for (const gauge of [states, loadSeconds, queueDepth, queueCapacity, workers, weights, revisions]) gauge.reset();
    this.linesLost.reset();
    this.linesLost.inc(linesLost());
    this.problems.set(this.registry.problems.size + this.registry.passedOver.length);
    this.cacheBytes.set(this.cache.memory.bytes);
    this.cacheEntries.set(this.cache.memory.entries);
    for (const { name: model, versions, policy } of this.registry.list()) {
      this.revisions.set({ model }, policy.revision);
      for (const { name, weight } of policy.variants ?? []) this.weights.set({ model, variant: name }, weight / 100);
      for (const version of versions.values()) this.sampleVersion(version);
    }
    this.canary.sample();
    this.workerUsage.sample();
    this.overload.sample();
  }

  private sampleVersion({ model, version, state, loadSeconds, predictor }: ModelVersion): void {
    const labels = { model, version };
    // A registry may hold thousands of versions; those that nobody loads are no news.
    if (state === 'UNLOADED') return;
    for (const each of VERSION_STATES) this.states.set({ ...labels, state: each }, each === state ? 1 : 0);
    if (!predictor) return;
    if (loadSeconds !== undefined) this.loadSeconds.set(labels, loadSeconds);
    this.queueDepth.set(labels, predictor.queueDepth);
    this.queueCapacity.set(labels, predictor.queueCapacity);
    const { ready, overdue, starting } = predictor.workers;
    this.workers.set({ ...labels, state: 'ready' }, ready - overdue);
    this.workers.set({ ...labels, state: 'overdue' }, overdue);
    this.workers.set({ ...labels, state: 'starting' }, starting);
  }
}
