import { Controller, HttpCode, Inject, Param, Post, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { invalidField } from '#core';
import { RequireScope } from '../../auth/route-access';
import type { Config } from '../../config';
import { ModelPath } from '../../http/model-ref.dto';
import { CONFIG } from '../../settings';
import { ApiErrors } from './error-form';
import { TAG } from './infer.openapi';
import { type ChangeParameters, Repository } from './repository';
import { readSmallBody } from './small-body';

class IndexEntryDto {
  @ApiProperty({ example: 'resnet-cifar10' })
  name!: string;

  @ApiProperty({ example: '2' })
  version!: string;

  @ApiProperty({ enum: ['READY', 'UNAVAILABLE', 'LOADING', 'UNLOADING'], example: 'READY' })
  state!: string;

  @ApiPropertyOptional({ description: 'Why it is so' })
  reason?: string;
}

const PARAMETERS = {
  type: 'object',
  properties: {
    version: { type: 'string', description: 'A number or an alias; without it the versions that the policy names' },
  },
} as const;

/** Triton's model repository extension: https://github.com/triton-inference-server/server, docs/protocol/extension_model_repository.md */
@Controller({ path: 'v2/repository', version: VERSION_NEUTRAL })
export class RepositoryController {
  constructor(
    private readonly repository: Repository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post('index')
  @HttpCode(200)
  @RequireScope('read')
  @ApiTags(TAG)
  @ApiOperation({ summary: 'All versions of all models, loaded or not' })
  @ApiBody({ required: false, schema: { type: 'object', properties: { ready: { type: 'boolean' } } } })
  @ApiOkResponse({ type: [IndexEntryDto] })
  @ApiErrors('INVALID_REQUEST', 'IMAGE_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'DEADLINE_EXCEEDED')
  async index(@Req() req: Request): Promise<IndexEntryDto[]> {
    const { ready = false } = await readSmallBody(req, this.config, ['ready']);
    if (typeof ready !== 'boolean') throw invalidField('ready', 'must be true or false');
    return this.repository.index(ready);
  }

  @Post('models/:model/load')
  @HttpCode(200)
  @RequireScope('admin')
  @ApiTags('admin')
  @ApiOperation({
    summary: 'Load the versions that the policy of a model names, or one, and wait until they are READY',
  })
  @ApiBody({ required: false, schema: { type: 'object', properties: { parameters: PARAMETERS } } })
  @ApiOkResponse({ type: [IndexEntryDto] })
  @ApiChangeErrors()
  async load(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @Param() path: ModelPath,
  ): Promise<IndexEntryDto[]> {
    return this.repository.load(path.model, await this.parametersOf(req), res);
  }

  @Post('models/:model/unload')
  @HttpCode(200)
  @RequireScope('admin')
  @ApiTags('admin')
  @ApiOperation({ summary: 'Unload a version that the policy does not name' })
  @ApiBody({ required: false, schema: { type: 'object', properties: { parameters: PARAMETERS } } })
  @ApiOkResponse({ type: [IndexEntryDto] })
  @ApiChangeErrors()
  async unload(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @Param() path: ModelPath,
  ): Promise<IndexEntryDto[]> {
    return this.repository.unload(path.model, await this.parametersOf(req), res);
  }

  /** @throws EyrieError INVALID_REQUEST */
  private async parametersOf(req: Request): Promise<ChangeParameters> {
    const { parameters = {} } = await readSmallBody(req, this.config, ['parameters']);
    if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
      throw invalidField('parameters', 'must be a JSON object');
    }
    return parameters as ChangeParameters;
  }
}

function ApiChangeErrors(): MethodDecorator {
  return ApiErrors(
    'INVALID_REQUEST',
    'MODEL_NOT_FOUND',
    'VERSION_NOT_FOUND',
    'CONFLICT',
    'IMAGE_TOO_LARGE',
    'UNSUPPORTED_MEDIA_TYPE',
    'REGISTRY_UNAVAILABLE',
    'DEADLINE_EXCEEDED',
  );
}
