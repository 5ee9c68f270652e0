import { Inject, Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import type { Logger } from 'pino';
import type { PredictorObserver } from '#inference';
import type { ModelVersion, Policy, RegistryObserver } from '#registry';
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
  ) {}

  onState({ model, version, state, reason, loadSeconds }: ModelVersion): void {
    // A counter that appears with its first event hides that event from Prometheus' increase().
    if (state === 'READY') this.restarts.inc({ model, version }, 0);
    const line = { model, version, state, reason, load_seconds: state === 'READY' ? loadSeconds : undefined };
    if (state === 'FAILED') this.logger.error(line, `${model} version ${version} failed: ${reason}`);
    else this.logger.info(line, `${model} version ${version} is ${state}`);
  }

  onPolicy(model: string, policy: Policy): void {
    this.events.add(model, 'policy-changed', `revision ${policy.revision} of the policy is in effect`, { policy });
  }

  onProblem(model: string, problem: string): void {
    this.logger.warn({ model: model || undefined }, problem);
  }

  onProblemGone(model: string, problem: string): void {
    this.logger.info({ model: model || undefined, problem }, `${model || 'the registry'} has no problem any more`);
  }

  onWarning(model: string, warning: string): void {
    this.logger.warn({ model }, `${model}: ${warning}`);
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
