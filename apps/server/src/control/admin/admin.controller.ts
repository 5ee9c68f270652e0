import { Body, Controller, Delete, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ModelRegistry, removeAlias, replacePolicy, setAlias, setDefault, type Policy } from '#registry';
import { findVersion } from '#routing';
import { RequireScope } from '../../auth/route-access';
import { describeModels, describeVersion, ModelsDto, VersionDto } from '../models/models.dto';
import { POLICY_EXAMPLE, PolicyBody } from '../models/policy.dto';
import { ApiProblems } from '../../http/api-problems';
import { ModelPath, toVersionRef, VersionPath } from '../../http/model-ref.dto';
import { AliasBody, AliasPath, DefaultBody, RollbackQuery } from './admin.dto';
import { AuditLog } from '../../auth/audit-log';
import { ChangesPolicy } from './changes-policy';
import { PolicyChanges } from './policy-changes';

@ApiTags('admin')
@RequireScope('admin')
@ApiProblems(
  'INVALID_REQUEST',
  'MODEL_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'CONFLICT',
  'REGISTRY_READ_ONLY',
  'REGISTRY_UNAVAILABLE',
  'UNSUPPORTED_MEDIA_TYPE',
)
@Controller({ version: '1' })
export class AdminController {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly changes: PolicyChanges,
    private readonly audit: AuditLog,
  ) {}

  @Post('models/:model/versions/:version/load')
  @HttpCode(200)
  @ApiOperation({ summary: 'Load a version and wait until it is READY' })
  @ApiOkResponse({ type: VersionDto })
  async load(@Param() path: VersionPath, @Res({ passthrough: true }) res: Response): Promise<VersionDto> {
    const { version } = await this.find(path);
    const before = version.state;
    const loaded = await this.registry.load(path.model, version.version);
    this.audit.record(res, `load ${path.model} version ${version.version}`, before, loaded.state);
    return describeVersion(this.registry.model(path.model), loaded);
  }

  @Post('models/:model/versions/:version/unload')
  @HttpCode(200)
  @ApiOperation({ summary: 'Unload a version that the policy does not name' })
  @ApiOkResponse({ type: VersionDto })
  async unload(@Param() path: VersionPath, @Res({ passthrough: true }) res: Response): Promise<VersionDto> {
    const { model, version } = await this.find(path);
    const before = version.state;
    const unloaded = await this.registry.unload(path.model, version.version);
    this.audit.record(res, `unload ${path.model} version ${version.version}`, before, unloaded.state);
    return describeVersion(model, unloaded);
  }

  @Put('models/:model/aliases/:alias')
  @ChangesPolicy('Let an alias name a version')
  setAlias(
    @Param() { model, alias }: AliasPath,
    @Body() { version }: AliasBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(res, model, `set alias ${alias} of ${model}`, setAlias(alias, version), ifMatch);
  }

  @Delete('models/:model/aliases/:alias')
  @ChangesPolicy('Remove an alias')
  removeAlias(
    @Param() { model, alias }: AliasPath,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(res, model, `remove alias ${alias} of ${model}`, removeAlias(alias), ifMatch);
  }

  @Put('models/:model/policy/default')
  @ChangesPolicy('Let a version, or an alias, answer all requests of a model')
  setDefault(
    @Param() { model }: ModelPath,
    @Body() { version }: DefaultBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(res, model, `set the default of ${model}`, setDefault(version), ifMatch);
  }

  @Put('models/:model/policy')
  @ChangesPolicy('Replace the policy; it is in effect when the answer comes')
  @ApiBody({ type: PolicyBody, examples: { split: { value: POLICY_EXAMPLE } } })
  putPolicy(
    @Param() { model }: ModelPath,
    @Body() policy: PolicyBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(res, model, `replace the policy of ${model}`, replacePolicy(policy), ifMatch);
  }

  @Post('models/:model/policy/rollback')
  @ChangesPolicy('Bring an earlier policy back: the latest without a guard, or that of a revision')
  rollback(
    @Param() { model }: ModelPath,
    @Query() { revision }: RollbackQuery,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    const to = revision === undefined ? undefined : Number(revision);
    return this.changes.rollback(res, model, to, ifMatch);
  }

  @Post('registry/refresh')
  @HttpCode(200)
  @ApiOperation({ summary: 'Read the registry now' })
  @ApiOkResponse({ type: ModelsDto })
  async refresh(@Res({ passthrough: true }) res: Response): Promise<ModelsDto> {
    await this.registry.refresh();
    this.audit.record(res, 'refresh the registry', undefined, undefined);
    return describeModels(this.registry);
  }

  private async find(path: VersionPath) {
    const model = await this.registry.look(path.model);
    return { model, version: findVersion(this.registry, model, toVersionRef(path.version)) };
  }
}
