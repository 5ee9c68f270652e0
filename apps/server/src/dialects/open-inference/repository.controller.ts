import { Controller, HttpCode, Inject, Param, Post, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { EyrieError, invalidField } from '#core';
import { type Model, ModelRegistry, type ModelVersion, routedVersions } from '#registry';
import { findVersion } from '#routing';
import { AuditLog } from '../../auth/audit-log';
import { RequireScope } from '../../auth/route-access';
import type { Config } from '../../config';
import { forClients } from '../../http/for-clients';
import { ModelPath, toVersionRef, VERSION_REF } from '../../http/model-ref.dto';
import { CONFIG } from '../../settings';
import { ApiErrors } from './error-form';
import { TAG } from './infer.openapi';
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

const UNLOAD = ['version', 'unload_dependents'];
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
    private readonly registry: ModelRegistry,
    private readonly audit: AuditLog,
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
    const versions = this.registry.list().flatMap((model) => [...model.versions.values()]);
    return versions.filter(({ state }) => !ready || state === 'READY').map(entryOf);
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
    const ref = await this.versionAsked(req, ['version']);
    const model = await this.registry.look(path.model);
    const numbers = ref === undefined ? routedVersions(model.policy) : [this.find(model, ref).version];
    return Promise.all(
      numbers.map(async (number) => {
        const before = model.versions.get(number)?.state;
        const loaded = await this.registry.load(model.name, number);
        this.audit.record(res, `load ${model.name} version ${number}`, before, loaded.state);
        return entryOf(loaded);
      }),
    );
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
    const ref = await this.versionAsked(req, UNLOAD);
    const model = await this.registry.look(path.model);
    if (ref === undefined) throw servesOn(model);
    const version = this.find(model, ref);
    const before = version.state;
    const unloaded = await this.registry.unload(model.name, version.version);
    this.audit.record(res, `unload ${model.name} version ${version.version}`, before, unloaded.state);
    return [entryOf(unloaded)];
  }

  private find(model: Model, ref: string): ModelVersion {
    return findVersion(this.registry, model, toVersionRef(ref));
  }

  /** @throws EyrieError INVALID_REQUEST, also for what would change what is loaded, such as another configuration */
  private async versionAsked(req: Request, known: readonly string[]): Promise<string | undefined> {
    const { parameters = {} } = await readSmallBody(req, this.config, ['parameters']);
    if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
      throw invalidField('parameters', 'must be a JSON object');
    }
    const { version } = parameters as { version?: unknown };
    const other = Object.keys(parameters).find((name) => !known.includes(name));
    if (other !== undefined) {
      throw invalidField(`parameters.${other.slice(0, 100)}`, `is not known here; known here: ${known.join(', ')}`);
    }
    if (version === undefined) return undefined;
    const text = typeof version === 'number' || typeof version === 'string' ? String(version) : '';
    if (!VERSION_REF.test(text)) throw invalidField('parameters.version', 'must be a version number or an alias');
    return text;
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

function servesOn({ name, policy }: Model): EyrieError {
  const named = routedVersions(policy).join(', ');
  return new EyrieError(
    'CONFLICT',
    `the policy of ${name} names version ${named}, which serves as long as it does; unload another version by ` +
      '{"parameters": {"version": "…"}}, or remove the model by DELETE /v1/models/{model}',
  );
}

/** Triton has no other words. */
const STATES: Partial<Record<ModelVersion['state'], string>> = { UNLOADED: 'UNAVAILABLE', FAILED: 'UNAVAILABLE' };

function entryOf({ model, version, state, reason }: ModelVersion): IndexEntryDto {
  const why = reason ?? (state === 'UNLOADED' ? 'unloaded' : '');
  return { name: model, version: String(version), state: STATES[state] ?? state, reason: forClients(why) };
}
