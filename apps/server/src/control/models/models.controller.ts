import { Controller, Get, Param, Query, Res, Version, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { EyrieError } from '#core';
import { ModelRegistry, type Policy } from '#registry';
import { findVersion } from '#routing';
import { RequireScope } from '../../auth/route-access';
import { ApiProblems } from '../../http/api-problems';
import { ModelPath, ModelQuery, toVersionRef, VersionPath } from '../../http/model-ref.dto';
import { PolicyDto, PolicyHistoryDto } from './policy.dto';
import { describeModel, describeModels, describeVersion, ModelDto, ModelsDto, VersionDto } from './models.dto';

@ApiTags('models')
@RequireScope('read')
@Controller({ version: '1' })
export class ModelsController {
  constructor(private readonly registry: ModelRegistry) {}

  @Get('model/info')
  @Version(['1', VERSION_NEUTRAL])
  @ApiOperation({ summary: 'The version that answers, or the one that is asked for' })
  @ApiOkResponse({ type: VersionDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND', 'VERSION_NOT_FOUND', 'MODEL_NOT_READY')
  info(@Query() query: ModelQuery): VersionDto {
    const name = query.model ?? this.registry.defaultModel;
    if (!name) throw new EyrieError('MODEL_NOT_READY', 'no model has been loaded yet', { retryAfterSeconds: 2 });
    const model = this.registry.model(name);
    const ref = query.version === undefined ? model.policy.default : toVersionRef(query.version);
    return describeVersion(model, findVersion(this.registry, model, ref));
  }

  @Get('models')
  @ApiOperation({ summary: 'All models' })
  @ApiOkResponse({ type: ModelsDto })
  @ApiProblems('INVALID_REQUEST')
  list(): ModelsDto {
    return describeModels(this.registry);
  }

  @Get('models/:model')
  @ApiOperation({ summary: 'A model, its versions and its policy' })
  @ApiOkResponse({ type: ModelDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND')
  model(@Param() { model }: ModelPath): ModelDto {
    return describeModel(this.registry.model(model));
  }

  @Get('models/:model/versions/:version')
  @ApiOperation({ summary: 'A version' })
  @ApiOkResponse({ type: VersionDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND', 'VERSION_NOT_FOUND')
  version(@Param() path: VersionPath): VersionDto {
    const model = this.registry.model(path.model);
    return describeVersion(model, findVersion(this.registry, model, toVersionRef(path.version)));
  }

  @Get('models/:model/policy/history')
  @ApiOperation({ summary: 'The policies that there were' })
  @ApiOkResponse({ type: PolicyHistoryDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND')
  async history(@Param() { model }: ModelPath): Promise<PolicyHistoryDto> {
    return { revisions: await this.registry.policyHistory(model) };
  }

  @Get('models/:model/policy')
  @ApiOperation({ summary: 'The policy in effect' })
  @ApiOkResponse({ description: 'The policy', type: PolicyDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND')
  policy(@Param() { model }: ModelPath, @Res({ passthrough: true }) res: Response): Policy {
    const { policy } = this.registry.model(model);
    res.setHeader('ETag', `"${policy.revision}"`);
    return policy;
  }
}
