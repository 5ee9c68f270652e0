import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { observe } from '#core';
import { processUsage } from '#inference';
import { ModelRegistry } from '#registry';
import { between, quantile, type Buckets } from './histogram';
import type { SampleDto } from './stats.dto';

export const INTERVAL_S = 10;
/** An hour. */
const KEPT = 360;
/** Asked every few seconds by machines: they would be all that a quiet server shows. */
const MACHINES = /^\/(health|metrics)/;

/** What the counters said at some moment. */
interface Reading {
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  readonly seconds: Buckets;
  readonly batches: number;
  readonly batched: number;
}

/** The last hour of this server, a sample every ten seconds: of what /metrics counts, so that nobody needs a Prometheus to look. */
@Injectable()
export class TimeSeries implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly samples: SampleDto[] = [];
  private timer?: NodeJS.Timeout;
  private last?: Reading;

  constructor(
    private readonly registry: ModelRegistry,
    @InjectMetric('http_requests_total') private readonly requests: Counter,
    @InjectMetric('prediction_duration_seconds') private readonly durations: Histogram,
    @InjectMetric('inference_batch_size') private readonly batchSizes: Histogram,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.last = await this.read();
    this.timer = setInterval(
      () => observe('stats', () => void this.sample().catch(() => undefined)),
      INTERVAL_S * 1000,
    );
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Adds what has happened since the last one. */
  async sample(): Promise<void> {
    const now = await this.read();
    const last = this.last ?? now;
    this.last = now;
    const seconds = Math.max(0.001, (now.at - last.at) / 1000);
    const durations = between(last.seconds, now.seconds);
    const ms = (share: number): number | null => {
      const value = quantile(durations, share);
      return value === null ? null : Math.round(value * 1e6) / 1000;
    };
    const batches = now.batches - last.batches;
    this.samples.push({
      at: new Date().toISOString(),
      requests_per_s: rounded((now.requests - last.requests) / seconds),
      errors_per_s: rounded((now.errors - last.errors) / seconds),
      predictions_per_s: rounded((durations.at(-1)?.[1] ?? 0) / seconds),
      p50_ms: ms(0.5),
      p95_ms: ms(0.95),
      p99_ms: ms(0.99),
      batch_size: batches > 0 ? rounded((now.batched - last.batched) / batches) : null,
      ...this.present(),
    });
    if (this.samples.length > KEPT) this.samples.shift();
  }

  private async read(): Promise<Reading> {
    let [requests, errors, batches, batched] = [0, 0, 0, 0];
    const seconds = new Map<number, number>();
    for (const { value, labels } of (await this.requests.get()).values) {
      if (MACHINES.test(String(labels.route))) continue;
      requests += value;
      if (Number(labels.status) >= 500) errors += value;
    }
    for (const { value, labels, metricName } of (await this.durations.get()).values) {
      if (labels.stage !== 'total' || !metricName?.endsWith('_bucket')) continue;
      const { le } = labels as { le?: string | number };
      const bound = le === '+Inf' ? Infinity : Number(le);
      seconds.set(bound, (seconds.get(bound) ?? 0) + value);
    }
    for (const { value, metricName } of (await this.batchSizes.get()).values) {
      if (metricName?.endsWith('_count')) batches += value;
      if (metricName?.endsWith('_sum')) batched += value;
    }
    return { at: performance.now(), requests, errors, seconds, batches, batched };
  }

  /** What is so just now. */
  private present(): Pick<SampleDto, 'queue' | 'workers' | 'server_bytes' | 'workers_bytes'> {
    let [queue, workers, bytes] = [0, 0, 0];
    for (const { versions } of this.registry.list()) {
      for (const { predictor } of versions.values()) {
        if (!predictor) continue;
        queue += predictor.queueDepth;
        workers += predictor.workers.ready;
        for (const pid of predictor.workers.pids) bytes += processUsage(pid)?.residentBytes ?? 0;
      }
    }
    return { queue, workers, server_bytes: process.memoryUsage.rss(), workers_bytes: bytes };
  }
}

function rounded(value: number): number {
  return Math.round(Math.max(0, value) * 1000) / 1000;
}
