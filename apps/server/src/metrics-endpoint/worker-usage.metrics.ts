import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { processUsage } from '#inference';
import { ModelRegistry } from '#registry';
import { memoryLimit } from '../overload/memory-limit';

/** CPU and memory of the workers; prom-client's own metrics know the server's process alone. */
@Injectable()
export class WorkerUsageMetrics {
  /** By process id, what has been counted of its CPU time. */
  private counted = new Map<number, number>();

  constructor(
    private readonly registry: ModelRegistry,
    @InjectMetric('inference_worker_cpu_seconds_total') private readonly cpu: Counter,
    @InjectMetric('inference_worker_resident_memory_bytes') private readonly memory: Gauge,
    @InjectMetric('memory_limit_bytes') private readonly limit: Gauge,
  ) {}

  /** Brings them up to date. */
  sample(): void {
    this.limit.set(memoryLimit());
    this.memory.reset();
    const counted = new Map<number, number>();
    for (const { name: model, versions } of this.registry.list()) {
      for (const [version, { predictor }] of versions) {
        if (predictor) this.sampleWorkers({ model, version }, predictor.workers.pids, counted);
      }
    }
    this.counted = counted;
  }

  private sampleWorkers(labels: { model: string; version: number }, pids: number[], counted: Map<number, number>) {
    for (const pid of pids) {
      const usage = processUsage(pid);
      if (!usage) continue;
      this.memory.inc(labels, usage.residentBytes);
      // Differences are added up, so that the sum does not fall when a worker ends.
      this.cpu.inc(labels, Math.max(0, usage.cpuSeconds - (this.counted.get(pid) ?? 0)));
      counted.set(pid, usage.cpuSeconds);
    }
  }
}
