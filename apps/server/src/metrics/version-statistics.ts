import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import type { ModelVersion } from '#registry';
import { PredictionMetrics } from './prediction.metrics';

/** How often something was measured, and how long it took in all. */
interface Duration {
  count: number;
  ns: number;
}

/** https://github.com/triton-inference-server/server, docs/protocol/extension_statistics.md */
export interface StatisticsOfVersion {
  name: string;
  version: string;
  /** Milliseconds since 1970; 0 where there was none. */
  last_inference: number;
  inference_count: number;
  execution_count: number;
  inference_stats: Record<
    'success' | 'fail' | 'queue' | 'compute_input' | 'compute_infer' | 'compute_output' | 'cache_hit',
    Duration
  >;
  batch_stats: readonly never[];
}

interface Sample {
  labels: Partial<Record<string, string | number>>;
  value: number;
  metricName?: string;
}

/** What the metrics of versions say, one version at a time. */
@Injectable()
export class VersionStatistics {
  constructor(
    @InjectMetric('predictions_total') private readonly predictions: Counter,
    @InjectMetric('prediction_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('cache_requests_total') private readonly cache: Counter,
    @InjectMetric('inference_batch_size') private readonly batches: Histogram,
    private readonly told: PredictionMetrics,
  ) {}

  async of(versions: readonly ModelVersion[]): Promise<StatisticsOfVersion[]> {
    const [predictions, duration, cache, batches] = await Promise.all(
      [this.predictions, this.duration, this.cache, this.batches].map(
        async (metric) => (await metric.get()).values as Sample[],
      ),
    );
    return versions.map((version) => {
      const mine = ({ labels }: Sample): boolean =>
        labels.model === version.model && String(labels.version) === String(version.version);
      const sum = (samples: Sample[], is: (sample: Sample) => boolean): number =>
        samples.filter((sample) => mine(sample) && is(sample)).reduce((total, { value }) => total + value, 0);
      const stage = (name: string): Duration => {
        const of = (suffix: string) =>
          sum(duration!, ({ labels, metricName }) => labels.stage === name && metricName!.endsWith(suffix));
        return { count: of('_count'), ns: Math.round(of('_sum') * 1e9) };
      };
      const [queue, decode, inference, whole] = ['queue', 'decode', 'inference', 'total'].map(stage);
      return {
        name: version.model,
        version: String(version.version),
        last_inference: this.told.lastComputed(version) ?? 0,
        inference_count: inference!.count,
        execution_count: sum(batches!, ({ metricName }) => metricName!.endsWith('_count')),
        inference_stats: {
          success: { count: sum(predictions!, ({ labels }) => labels.outcome === 'success'), ns: whole!.ns },
          fail: { count: sum(predictions!, ({ labels }) => labels.outcome !== 'success'), ns: 0 },
          queue: queue!,
          compute_input: decode!,
          compute_infer: inference!,
          compute_output: { count: inference!.count, ns: 0 },
          cache_hit: { count: sum(cache!, ({ labels }) => labels.source !== 'computed'), ns: 0 },
        },
        batch_stats: [],
      };
    });
  }
}
