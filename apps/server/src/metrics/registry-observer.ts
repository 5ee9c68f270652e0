import { Inject, Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import type { Logger } from 'pino';
import type { PredictorObserver } from '#inference';
import type { FileCall, ModelVersion, Policy, RegistryObserver, StorageOutcome } from '#registry';
import { TrafficEvents } from '#routing';
import { LOGGER } from '../settings';

/** What happens to versions and workers, as log lines and metrics. */
@Injectable()
export class LoggingRegistryObserver implements RegistryObserver {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly events: TrafficEvents,
    @InjectMetric('inference_batch_size') private readonly batchSize: Histogram,
    @InjectMetric('inference_worker_restarts_total') private readonly restarts: Counter,
    @InjectMetric('registry_storage_duration_seconds') private readonly storageSeconds: Histogram,
    @InjectMetric('registry_storage_failures_total') private readonly storageFailures: Counter,
  ) {
    for (const failure of ['timeout', 'error']) storageFailures.inc({ failure }, 0);
  }

  onState({ model, version, state, reason, loadSeconds }: ModelVersion): void {
    // A counter that appears with its first event hides that event from Prometheus' increase().
    if (state === 'READY') this.restarts.inc({ model, version }, 0);
    const line = { model, version, state, reason, load_seconds: state === 'READY' ? loadSeconds : undefined };
    if (state === 'FAILED') this.logger.error(line, `${model} version ${version} failed: ${reason}`);
    else this.logger.info(line, `${model} version ${version} is ${state}`);
  }

  onPolicy(model: string, policy: Policy, by?: string): void {
    const what = `revision ${policy.revision} of the policy is in effect`;
    this.events.add(model, 'policy-changed', by === undefined ? what : `${what}, made by ${by}`, { policy, by });
  }

  onProblem(model: string, problem: string): void {
    this.logger.warn({ model: model || undefined }, problem);
  }

  onProblemGone(model: string, problem: string): void {
    this.logger.info({ model: model || undefined, problem }, `${model || 'the registry'} has no problem any more`);
  }

  onWarning(model: string, warning: string): void {
    this.logger.warn({ model: model || undefined }, model ? `${model}: ${warning}` : warning);
  }

  onStorageCall(call: FileCall, seconds: number, outcome: StorageOutcome): void {
    this.storageSeconds.observe({ call }, seconds);
    if (outcome !== 'done') this.storageFailures.inc({ failure: outcome === 'timeout' ? 'timeout' : 'error' });
  }

  forVersion(model: string, version: number): PredictorObserver {
    const labels = { model, version };
    return {
      onBatch: (size) => this.batchSize.observe(labels, size),
      onWorkerLost: (reason) => {
        this.restarts.inc(labels);
        this.logger.error(labels, `a worker of ${model} version ${version} is gone: it ${reason}`);
      },
      onWorkerRestartFailed: (reason) =>
        this.logger.error(labels, `a worker of ${model} version ${version} could not be replaced: ${reason}`),
      onWorkerStderr: (line) => this.logger.warn(labels, `worker: ${line}`),
    };
  }
}
