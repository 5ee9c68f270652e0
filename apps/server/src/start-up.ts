import { Inject, Injectable } from '@nestjs/common';
import { ModelRegistry, routedVersions } from '#registry';
import type { Config } from './config';
import { Draining } from './health/draining';
import { CONFIG } from './settings';

/** Why the server cannot start, in one line that says what to do. */
export class StartError extends Error {}

/** Loads the models of a server that listens already, so that probes see it while it loads; Nest has no hook for then. */
@Injectable()
export class StartUp {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly draining: Draining,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * @returns whether it serves; not when it was told to stop meanwhile
   * @throws StartError, RegistryUnreadableError
   */
  async loadModels(): Promise<boolean> {
    await this.registry.refresh();
    if (this.draining.hasBegun) return false;
    this.requireRouted();
    if (this.config.REGISTRY_POLL_SECONDS > 0) this.registry.poll(this.config.REGISTRY_POLL_SECONDS);
    return true;
  }

  /** A server that starts without a version that it must serve would only look healthy. */
  private requireRouted(): void {
    const { registry, config } = this;
    const models = registry.list();
    if (models.length === 0) {
      const why =
        registry.problems.size > 0
          ? 'the lines above say why'
          : 'it has no folder such as resnet50/1 with a model.json';
      throw new StartError(`there is no usable model in ${registry.location}: ${why}. Mend it, or set MODEL_REGISTRY`);
    }
    if (config.MODEL_NAME && !models.some(({ name }) => name === config.MODEL_NAME)) {
      throw new StartError(`MODEL_NAME is "${config.MODEL_NAME}", but ${registry.location} has no such model`);
    }
    if (config.LOAD === 'explicit') return;
    if (config.REQUIRE === 'any') return this.requireAny();
    if (config.REQUIRE === 'all') this.requireAll();
    for (const model of models) {
      for (const number of routedVersions(model.policy)) {
        const version = model.versions.get(number);
        if (version?.state === 'READY') continue;
        const why = version?.reason ?? 'it is not there';
        throw new StartError(`${model.name} version ${number} cannot be served: ${why}`);
      }
    }
    for (const [model, problem] of registry.problems) throw new StartError(`${model}: ${problem}`);
  }

  /** Why the others cannot be served, the log has said. */
  private requireAny(): void {
    const canAnswer = this.registry
      .list()
      .some(({ policy, versions }) => routedVersions(policy).every((number) => versions.get(number)?.isServing));
    if (!canAnswer) {
      throw new StartError(`none of the models in ${this.registry.location} can be served: the lines above say why`);
    }
  }

  private requireAll(): void {
    for (const sentence of this.registry.passedOver) throw new StartError(sentence);
    for (const { name, versions } of this.registry.list()) {
      for (const { version, state, reason } of versions.values()) {
        if (state === 'FAILED') throw new StartError(`${name} version ${version} cannot be served: ${reason}`);
      }
    }
  }
}
