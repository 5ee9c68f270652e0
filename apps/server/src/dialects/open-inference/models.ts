import { Inject, Injectable } from '@nestjs/common';
import { deadlineIn, EyrieError } from '#core';
import { type LoadedVersion, type Model, ModelRegistry, type ModelVersion, runtimeOf } from '#registry';
import { findVersion } from '#routing';
import type { Config } from '../../config';
import type { Outgoing } from '../../http/exchange';
import { MODEL_REF, MODEL_REF_RULE, toVersionRef, VERSION_REF, VERSION_REF_RULE } from '../../http/model-ref.dto';
import { contextOf } from '../../http/request-context';
import { type StatisticsOfVersion, VersionStatistics } from '../../metrics/version-statistics';
import { PredictionService } from '../../serving/prediction.service';
import { CONFIG } from '../../settings';
import { configOf, type ModelConfig, PLATFORM, portsOf, type Ports } from './model-description';

/** A model, and a version by its number or an alias; without one, that which answers by default. */
export interface Named {
  model: string;
  version?: string;
}

export interface Metadata extends Ports {
  name: string;
  /** Those that are loaded. */
  versions: readonly string[];
  platform: string;
}

/** What this protocol tells of models, whatever carries it. */
@Injectable()
export class OpenInferenceModels {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly predictions: PredictionService,
    private readonly statistics: VersionStatistics,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  has(name: string): boolean {
    return this.registry.list().some((model) => model.name === name);
  }

  /** @throws EyrieError MODEL_NOT_FOUND, VERSION_NOT_FOUND */
  find({ model: name, version }: Named): ModelVersion {
    const model = this.registry.model(name);
    return findVersion(this.registry, model, version === undefined ? model.policy.default : toVersionRef(version));
  }

  /** Whether a version can answer; of a model without one, whether all can that requests are sent to. @throws as `find` */
  isReady({ model: name, version }: Named): boolean {
    if (version !== undefined) return this.canAnswer(this.find({ model: name, version }));
    const model = this.registry.model(name);
    const { variants, default: byDefault } = model.policy;
    const refs = variants && variants.length > 0 ? variants.map((variant) => variant.version) : [byDefault];
    return refs.every((ref) => this.canAnswer(findVersion(this.registry, model, ref)));
  }

  /** @throws EyrieError MODEL_NOT_FOUND, VERSION_NOT_FOUND, MODEL_NOT_READY, OVERLOADED */
  async metadata(named: Named, res: Outgoing): Promise<Metadata> {
    const { task } = await this.loaded(this.find(named), res);
    const ready = versionsOf(this.registry.model(named.model)).filter(({ loaded }) => loaded);
    const versions = ready.map(({ version }) => String(version));
    return { name: named.model, versions, platform: PLATFORM, ...portsOf(task) };
  }

  /** @throws as `metadata` */
  async configuration(named: Named, res: Outgoing): Promise<ModelConfig> {
    const found = this.find(named);
    const { task, manifest } = await this.loaded(found, res);
    const { workers } = runtimeOf(manifest);
    const { version } = found;
    return configOf(task, { name: named.model, version, workers, maxPictures: this.config.MAX_BATCH_ITEMS });
  }

  /** Of a version, of all versions of a model, or of all that there are; of each that is loaded. @throws as `find` */
  statisticsOf({ model, version }: Partial<Named>): Promise<StatisticsOfVersion[]> {
    let versions: readonly ModelVersion[];
    if (model === undefined) versions = this.registry.list().flatMap(versionsOf);
    else if (version === undefined) versions = versionsOf(this.registry.model(model));
    else versions = [this.find({ model, version })];
    return this.statistics.of(versions.filter(({ loaded }) => loaded));
  }

  /** Whoever looks at it first, before asking it, has it loaded as the first question would. @throws EyrieError MODEL_NOT_READY, OVERLOADED */
  private loaded(version: ModelVersion, res: Outgoing): Promise<LoadedVersion> {
    const { signal } = contextOf(res);
    return this.predictions.loaded(version, { deadline: deadlineIn(this.config.REQUEST_TIMEOUT_MS), signal });
  }

  /** Or will be loaded for the first who asks. */
  private canAnswer(version: ModelVersion): boolean {
    if (version.state === 'READY') return version.isServing;
    return this.config.LOAD_ON_DEMAND && version.state !== 'FAILED';
  }
}

function versionsOf({ versions }: Model): ModelVersion[] {
  return [...versions.values()];
}

/**
 * What a message names; in a path, the framework has looked at it. An empty text is as good as none.
 * @param modelField how it is called there
 * @throws EyrieError INVALID_REQUEST
 */
export function namedBy(modelField: string, model: string, version = ''): Named {
  if (!MODEL_REF.test(model)) throw new EyrieError('INVALID_REQUEST', `${modelField} ${MODEL_REF_RULE.message}`);
  if (version === '') return { model };
  if (!VERSION_REF.test(version)) throw new EyrieError('INVALID_REQUEST', `version ${VERSION_REF_RULE.message}`);
  return { model, version };
}
