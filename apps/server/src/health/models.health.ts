import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { ModelRegistry, routedVersions, type ModelVersion } from '#registry';
import { BUILD_INFO } from '../build-info';
import { Draining } from './draining';

@Injectable()
export class ModelsHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly registry: ModelRegistry,
    private readonly draining: Draining,
  ) {}

  /** Neither `server` nor `routed` is down. */
  get isReady(): boolean {
    return [this.server(), this.routed()].every((result) =>
      Object.values(result).every(({ status }) => status === 'up'),
    );
  }

  /** Down while the server shuts down. */
  server(): HealthIndicatorResult {
    const indicator = this.indicators.check('server');
    const facts = { ...BUILD_INFO, uptime_seconds: Math.round(process.uptime()) };
    return this.draining.hasBegun ? indicator.down({ ...facts, message: 'shutting down' }) : indicator.up(facts);
  }

  /**
   * Why the registry cannot be read at present. Not down: what is loaded serves on, and no server would be left if all of them were
   * taken out because the storage that they share is away.
   */
  store(): HealthIndicatorResult {
    const problem = 'its storage does not answer; what is loaded serves on';
    return this.indicators.check('registry').up(this.registry.isStorageAway ? { problem } : {});
  }

  /** Down while a version that requests can be routed to cannot answer. */
  routed(): HealthIndicatorResult {
    const indicator = this.indicators.check('models');
    const states = Object.fromEntries(
      this.registry
        .list()
        .flatMap((model) =>
          routedVersions(model.policy).map((v) => [`${model.name}/${v}`, stateOf(model.versions.get(v))]),
        ),
    );
    const isReady = this.registry.isReady && !Object.values(states).includes(NO_ANSWER);
    return isReady ? indicator.up(states) : indicator.down(states);
  }
}

function stateOf(version: ModelVersion | undefined): string {
  if (!version) return 'MISSING';
  if (version.state === 'READY' && !version.isServing) return 'NO_WORKERS';
  return version.predictor?.isOverdue ? NO_ANSWER : version.state;
}

/** All workers of a version hang, as far as can be told; they are replaced soon. */
const NO_ANSWER = 'NO_ANSWER';
