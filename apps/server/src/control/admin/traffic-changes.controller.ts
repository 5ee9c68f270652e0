import { Body, Controller, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Policy } from '#registry';
import {
  abortCanary,
  promoteCanary,
  setCanaryWeight,
  startCanary,
  startShadow,
  stopShadow,
  USUAL_RULES,
} from '#routing';
import { RequireScope } from '../../auth/route-access';
import { ApiProblems } from '../../http/api-problems';
import { ModelPath } from '../../http/model-ref.dto';
import { PolicyDto } from '../models/policy.dto';
import { IF_MATCH } from './if-match';
import { PolicyChanges } from './policy-changes';
import { CanaryWeightBody, StartCanaryBody, StartShadowBody, StopShadowBody } from './traffic-changes.dto';

/** What the command line's `canary` and `shadow` do, each as one change of the policy. */
@ApiTags('admin')
@RequireScope('admin')
@ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND', 'CONFLICT', 'REGISTRY_READ_ONLY', 'UNSUPPORTED_MEDIA_TYPE')
@Controller({ path: 'models/:model/policy', version: '1' })
export class TrafficChangesController {
  constructor(private readonly changes: PolicyChanges) {}

  @Post('canary/start')
  @HttpCode(200)
  @IF_MATCH
  @ApiOperation({ summary: 'Give a version a share of the traffic' })
  @ApiOkResponse({ description: 'The policy', type: PolicyDto })
  startCanary(
    @Param() { model }: ModelPath,
    @Body() { version, weight, guard }: StartCanaryBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    const edit = startCanary({ version, weight, guard: guard && { ...USUAL_RULES, ...guard } });
    return this.changes.change(res, model, `start a canary of ${model}`, edit, ifMatch);
  }

  @Post('canary/weight')
  @HttpCode(200)
  @IF_MATCH
  @ApiOperation({ summary: 'Give the canary another share of the traffic' })
  @ApiOkResponse({ description: 'The policy', type: PolicyDto })
  setCanaryWeight(
    @Param() { model }: ModelPath,
    @Body() { weight }: CanaryWeightBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(
      res,
      model,
      `set the canary of ${model} to ${weight}%`,
      setCanaryWeight(weight),
      ifMatch,
    );
  }

  @Post('canary/promote')
  @HttpCode(200)
  @IF_MATCH
  @ApiOperation({ summary: 'Make the canary the default, at once' })
  @ApiOkResponse({ description: 'The policy', type: PolicyDto })
  promoteCanary(
    @Param() { model }: ModelPath,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(res, model, `promote the canary of ${model}`, promoteCanary, ifMatch);
  }

  @Post('canary/abort')
  @HttpCode(200)
  @IF_MATCH
  @ApiOperation({ summary: 'Take the canary back, at once' })
  @ApiOkResponse({ description: 'The policy', type: PolicyDto })
  abortCanary(
    @Param() { model }: ModelPath,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(res, model, `abort the canary of ${model}`, abortCanary, ifMatch);
  }

  @Post('shadow/start')
  @HttpCode(200)
  @IF_MATCH
  @ApiOperation({ summary: 'Give a version copies of requests, whose answers nobody gets' })
  @ApiOkResponse({ description: 'The policy', type: PolicyDto })
  startShadow(
    @Param() { model }: ModelPath,
    @Body() { version, percent }: StartShadowBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(res, model, `start a shadow of ${model}`, startShadow({ version, percent }), ifMatch);
  }

  @Post('shadow/stop')
  @HttpCode(200)
  @IF_MATCH
  @ApiOperation({ summary: 'Stop a shadow, or all of them where no version is named' })
  @ApiOkResponse({ description: 'The policy', type: PolicyDto })
  stopShadow(
    @Param() { model }: ModelPath,
    @Body() { version }: StopShadowBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(res, model, `stop shadows of ${model}`, stopShadow(version), ifMatch);
  }
}
