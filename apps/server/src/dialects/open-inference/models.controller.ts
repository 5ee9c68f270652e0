import { Controller, Get, HttpStatus, Inject, Param, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { deadlineIn } from '#core';
import { type LoadedVersion, type Model, ModelRegistry, type ModelVersion, runtimeOf } from '#registry';
import { findVersion } from '#routing';
import { RequireScope } from '../../auth/route-access';
import type { Config } from '../../config';
import { ModelPath, toVersionRef, VersionPath } from '../../http/model-ref.dto';
import { contextOf } from '../../http/request-context';
import { VersionStatistics } from '../../metrics/version-statistics';
import { PredictionService } from '../../serving/prediction.service';
import { CONFIG } from '../../settings';
import { ApiErrors } from './error-form';
import { TAG } from './infer.openapi';
import { configOf, PLATFORM, portsOf } from './model-description';
import { MetadataDto, ModelConfigDto, ReadyDto, StatisticsDto } from './models.dto';

/** Of Triton's statistics extension: those of all models. A model of that name comes first. */
const ALL = 'stats';

@ApiTags(TAG)
@RequireScope('read')
@ApiErrors('INVALID_REQUEST', 'MODEL_NOT_FOUND', 'VERSION_NOT_FOUND', 'MODEL_NOT_READY', 'OVERLOADED')
@Controller({ path: 'v2/models', version: VERSION_NEUTRAL })
export class OpenInferenceModelsController {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly predictions: PredictionService,
    private readonly statistics: VersionStatistics,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get(ALL)
  @ApiOperation({ summary: 'What all versions have answered; of a model named stats its metadata' })
  @ApiOkResponse({
    schema: { oneOf: ['StatisticsDto', 'MetadataDto'].map((name) => ({ $ref: `#/components/schemas/${name}` })) },
  })
  allStatistics(@Res({ passthrough: true }) res: Response): Promise<StatisticsDto | MetadataDto> {
    const models = this.registry.list();
    const isModel = models.some(({ name }) => name === ALL);
    return isModel ? this.metadata({ model: ALL }, res) : this.statisticsOf(models.flatMap(versionsOf));
  }

  @Get(':model')
  @ApiOperation({ summary: 'The tensors that the version takes and gives that answers by default' })
  @ApiOkResponse({ type: MetadataDto })
  metadata(@Param() path: ModelPath, @Res({ passthrough: true }) res: Response): Promise<MetadataDto> {
    return this.describe(path, res);
  }

  @Get(':model/versions/:version')
  @ApiOperation({ summary: 'The tensors that a version takes and gives' })
  @ApiOkResponse({ type: MetadataDto })
  versionMetadata(@Param() path: VersionPath, @Res({ passthrough: true }) res: Response): Promise<MetadataDto> {
    return this.describe(path, res);
  }

  @Get(':model/ready')
  @ApiOperation({ summary: 'Whether every version can answer that requests are sent to' })
  @ApiOkResponse({ type: ReadyDto })
  @ApiResponse({ status: 503, type: ReadyDto })
  ready(@Param() { model: name }: ModelPath, @Res({ passthrough: true }) res: Response): ReadyDto {
    const model = this.registry.model(name);
    const { variants, default: byDefault } = model.policy;
    const refs = variants && variants.length > 0 ? variants.map(({ version }) => version) : [byDefault];
    const ready = refs.every((ref) => this.canAnswer(findVersion(this.registry, model, ref)));
    return told(res, { name, ready });
  }

  @Get(':model/versions/:version/ready')
  @ApiOperation({ summary: 'Whether a version can answer' })
  @ApiOkResponse({ type: ReadyDto })
  @ApiResponse({ status: 503, type: ReadyDto })
  versionReady(@Param() path: VersionPath, @Res({ passthrough: true }) res: Response): ReadyDto {
    const version = this.find(path);
    return told(res, { name: path.model, version: String(version.version), ready: this.canAnswer(version) });
  }

  @Get(':model/config')
  @ApiOperation({ summary: 'The same as Triton’s configuration of a model has it' })
  @ApiOkResponse({ type: ModelConfigDto })
  modelConfig(@Param() path: ModelPath, @Res({ passthrough: true }) res: Response): Promise<object> {
    return this.configure(path, res);
  }

  @Get(':model/versions/:version/config')
  @ApiOperation({ summary: 'Of a version what Triton’s configuration of a model says' })
  @ApiOkResponse({ type: ModelConfigDto })
  versionConfig(@Param() path: VersionPath, @Res({ passthrough: true }) res: Response): Promise<object> {
    return this.configure(path, res);
  }

  @Get(':model/stats')
  @ApiOperation({ summary: 'What the versions of a model have answered' })
  @ApiOkResponse({ type: StatisticsDto })
  modelStatistics(@Param() { model }: ModelPath): Promise<StatisticsDto> {
    return this.statisticsOf(versionsOf(this.registry.model(model)));
  }

  @Get(':model/versions/:version/stats')
  @ApiOperation({ summary: 'What a version has answered' })
  @ApiOkResponse({ type: StatisticsDto })
  versionStatistics(@Param() path: VersionPath): Promise<StatisticsDto> {
    return this.statisticsOf([this.find(path)]);
  }

  private async describe(path: ModelPath & { version?: string }, res: Response): Promise<MetadataDto> {
    const { task } = await this.loaded(this.find(path), res);
    const ready = versionsOf(this.registry.model(path.model)).filter(({ loaded }) => loaded);
    const versions = ready.map(({ version }) => String(version));
    return { name: path.model, versions, platform: PLATFORM, ...portsOf(task) } as MetadataDto;
  }

  private async configure(path: ModelPath & { version?: string }, res: Response): Promise<object> {
    const found = this.find(path);
    const { task, manifest } = await this.loaded(found, res);
    const { workers } = runtimeOf(manifest);
    const { version } = found;
    return configOf(task, { name: path.model, version, workers, maxPictures: this.config.MAX_BATCH_ITEMS });
  }

  private async statisticsOf(versions: readonly ModelVersion[]): Promise<StatisticsDto> {
    return { model_stats: await this.statistics.of(versions.filter(({ loaded }) => loaded)) };
  }

  private find({ model: name, version }: ModelPath & { version?: string }): ModelVersion {
    const model = this.registry.model(name);
    return findVersion(this.registry, model, version === undefined ? model.policy.default : toVersionRef(version));
  }

  /** Whoever looks at it first, before asking it, has it loaded as the first question would. @throws EyrieError MODEL_NOT_READY, OVERLOADED */
  private loaded(version: ModelVersion, res: Response): Promise<LoadedVersion> {
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

function told(res: Response, body: ReadyDto): ReadyDto {
  res.status(body.ready ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
  return body;
}
