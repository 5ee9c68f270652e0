import { Controller, Get, HttpStatus, Param, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { RequireScope } from '../../auth/route-access';
import { ModelPath, VersionPath } from '../../http/model-ref.dto';
import { ApiErrors } from './error-form';
import { TAG } from './infer.openapi';
import { type Metadata, OpenInferenceModels } from './models';
import { MetadataDto, ModelConfigDto, ReadyDto, StatisticsDto } from './models.dto';

/** Of Triton's statistics extension: those of all models. A model of that name comes first. */
const ALL = 'stats';

@ApiTags(TAG)
@RequireScope('read')
@ApiErrors('INVALID_REQUEST', 'MODEL_NOT_FOUND', 'VERSION_NOT_FOUND', 'MODEL_NOT_READY', 'OVERLOADED')
@Controller({ path: 'v2/models', version: VERSION_NEUTRAL })
export class OpenInferenceModelsController {
  constructor(private readonly models: OpenInferenceModels) {}

  @Get(ALL)
  @ApiOperation({ summary: 'What all versions have answered; of a model named stats its metadata' })
  @ApiOkResponse({
    schema: { oneOf: ['StatisticsDto', 'MetadataDto'].map((name) => ({ $ref: `#/components/schemas/${name}` })) },
  })
  allStatistics(@Res({ passthrough: true }) res: Response): Promise<StatisticsDto | Metadata> {
    return this.models.has(ALL) ? this.metadata({ model: ALL }, res) : this.statisticsOf({});
  }

  @Get(':model')
  @ApiOperation({ summary: 'The tensors that the version takes and gives that answers by default' })
  @ApiOkResponse({ type: MetadataDto })
  metadata(@Param() path: ModelPath, @Res({ passthrough: true }) res: Response): Promise<Metadata> {
    return this.models.metadata(path, res);
  }

  @Get(':model/versions/:version')
  @ApiOperation({ summary: 'The tensors that a version takes and gives' })
  @ApiOkResponse({ type: MetadataDto })
  versionMetadata(@Param() path: VersionPath, @Res({ passthrough: true }) res: Response): Promise<Metadata> {
    return this.models.metadata(path, res);
  }

  @Get(':model/ready')
  @ApiOperation({ summary: 'Whether every version can answer that requests are sent to' })
  @ApiOkResponse({ type: ReadyDto })
  @ApiResponse({ status: 503, type: ReadyDto })
  ready(@Param() { model: name }: ModelPath, @Res({ passthrough: true }) res: Response): ReadyDto {
    return told(res, { name, ready: this.models.isReady({ model: name }) });
  }

  @Get(':model/versions/:version/ready')
  @ApiOperation({ summary: 'Whether a version can answer' })
  @ApiOkResponse({ type: ReadyDto })
  @ApiResponse({ status: 503, type: ReadyDto })
  versionReady(@Param() path: VersionPath, @Res({ passthrough: true }) res: Response): ReadyDto {
    const { version } = this.models.find(path);
    return told(res, { name: path.model, version: String(version), ready: this.models.isReady(path) });
  }

  @Get(':model/config')
  @ApiOperation({ summary: 'The same as Triton’s configuration of a model has it' })
  @ApiOkResponse({ type: ModelConfigDto })
  modelConfig(@Param() path: ModelPath, @Res({ passthrough: true }) res: Response): Promise<object> {
    return this.models.configuration(path, res);
  }

  @Get(':model/versions/:version/config')
  @ApiOperation({ summary: 'Of a version what Triton’s configuration of a model says' })
  @ApiOkResponse({ type: ModelConfigDto })
  versionConfig(@Param() path: VersionPath, @Res({ passthrough: true }) res: Response): Promise<object> {
    return this.models.configuration(path, res);
  }

  @Get(':model/stats')
  @ApiOperation({ summary: 'What the versions of a model have answered' })
  @ApiOkResponse({ type: StatisticsDto })
  modelStatistics(@Param() path: ModelPath): Promise<StatisticsDto> {
    return this.statisticsOf(path);
  }

  @Get(':model/versions/:version/stats')
  @ApiOperation({ summary: 'What a version has answered' })
  @ApiOkResponse({ type: StatisticsDto })
  versionStatistics(@Param() path: VersionPath): Promise<StatisticsDto> {
    return this.statisticsOf(path);
  }

  private async statisticsOf(named: { model?: string; version?: string }): Promise<StatisticsDto> {
    return { model_stats: await this.models.statisticsOf(named) };
  }
}

function told(res: Response, body: ReadyDto): ReadyDto {
  res.status(body.ready ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
  return body;
}
