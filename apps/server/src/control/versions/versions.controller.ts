import { Controller, Delete, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { EyrieError } from '#core';
import { ModelRegistry } from '#registry';
import { findVersion } from '#routing';
import { RequireScope } from '../../auth/route-access';
import { ApiProblems } from '../../http/api-problems';
import { ModelPath, toVersionRef, VersionPath } from '../../http/model-ref.dto';
import { AuditLog } from '../../auth/audit-log';
import { VersionChanges } from './version-changes';
import { AddedVersionDto, RemovedDto, UPLOAD_SCHEMA, VerifiedDto } from './versions.dto';

/** Its template; a model takes longer to arrive than a picture. */
export const UPLOAD_ROUTE = '/v1/models/{model}/versions';

@ApiTags('admin')
@RequireScope('admin')
@Controller({ path: 'models/:model', version: '1' })
export class VersionsController {
  constructor(
    private readonly changes: VersionChanges,
    private readonly registry: ModelRegistry,
    private readonly audit: AuditLog,
  ) {}

  @Post('versions')
  @ApiOperation({
    summary: 'Add a version, once it has proved that it can be served',
    description:
      'The fields are the flags of `eyrie models add`. The model is checked in a process of its own, with limits of time and memory, ' +
      'and becomes a version of the registry whole or not at all.',
  })
  @ApiConsumes('multipart/form-data')
  @ApiBody({ schema: UPLOAD_SCHEMA as never })
  @ApiCreatedResponse({ type: AddedVersionDto })
  @ApiProblems(
    'INVALID_REQUEST',
    'CONFLICT',
    'REGISTRY_READ_ONLY',
    'UPLOAD_TOO_LARGE',
    'UNSUPPORTED_MEDIA_TYPE',
    'INVALID_MODEL',
    'OVERLOADED',
    'DEADLINE_EXCEEDED',
  )
  async add(
    @Param() { model }: ModelPath,
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
  ): Promise<AddedVersionDto> {
    const added = await this.changes.add(model, req, res);
    const { version } = added.manifest;
    res.setHeader('Location', `/v1/models/${model}/versions/${version}`);
    this.audit.record(res, `add ${model} version ${version}`, undefined, added.manifest);
    return added;
  }

  @Post('verify')
  @HttpCode(200)
  @ApiOperation({ summary: 'Check the policy, every manifest, checksum, load and golden image of a model' })
  @ApiOkResponse({ type: VerifiedDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND', 'INVALID_MODEL', 'DEADLINE_EXCEEDED')
  async verify(@Param() { model }: ModelPath, @Res({ passthrough: true }) res: Response): Promise<VerifiedDto> {
    return this.changes.verify(model, res);
  }

  @Delete('versions/:version')
  @ApiOperation({ summary: 'Remove a version that the policy does not name, for good' })
  @ApiOkResponse({ type: RemovedDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND', 'VERSION_NOT_FOUND', 'CONFLICT', 'REGISTRY_READ_ONLY')
  async removeVersion(@Param() path: VersionPath, @Res({ passthrough: true }) res: Response): Promise<RemovedDto> {
    const ref = toVersionRef(path.version);
    if (typeof ref !== 'number') {
      throw new EyrieError('INVALID_REQUEST', `name the version to remove by its number, not as "${ref}"`);
    }
    const model = await this.registry.look(path.model);
    const { version } = findVersion(this.registry, model, ref);
    await this.registry.removeVersion(model.name, version);
    this.audit.record(res, `remove ${model.name} version ${version}`, undefined, undefined);
    return { model: model.name, version };
  }

  @Delete()
  @ApiOperation({ summary: 'Remove a model with all its versions and its policy, for good' })
  @ApiOkResponse({ type: RemovedDto })
  @ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND', 'CONFLICT', 'REGISTRY_READ_ONLY')
  async removeModel(@Param() { model }: ModelPath, @Res({ passthrough: true }) res: Response): Promise<RemovedDto> {
    const { policy } = this.registry.model(model);
    await this.registry.removeModel(model);
    this.audit.record(res, `remove ${model}`, policy, undefined);
    return { model };
  }
}
