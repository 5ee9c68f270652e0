import { Body, Controller, Headers, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Policy } from '#registry';
import {
  abortCanary,
  abortCanaryKeepingShadow,
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
import { ChangesPolicy } from './changes-policy';
import { PolicyChanges } from './policy-changes';
import {
  AbortCanaryBody,
  CanaryWeightBody,
  StartCanaryBody,
  StartShadowBody,
  StopShadowBody,
} from './traffic-changes.dto';

/** What the command line's `canary` and `shadow` do, each as one change of the policy. */
@ApiTags('admin')
@RequireScope('admin')
@ApiProblems('INVALID_REQUEST', 'MODEL_NOT_FOUND', 'CONFLICT', 'REGISTRY_READ_ONLY', 'UNSUPPORTED_MEDIA_TYPE')
@Controller({ path: 'models/:model/policy', version: '1' })
export class TrafficChangesController {
  constructor(private readonly changes: PolicyChanges) {}

  @Post('canary/start')
  @ChangesPolicy('Give a version a share of the traffic')
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
  @ChangesPolicy('Give the canary another share of the traffic')
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
  @ChangesPolicy('Make the canary the default, at once')
  promoteCanary(
    @Param() { model }: ModelPath,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(res, model, `promote the canary of ${model}`, promoteCanary, ifMatch);
  }

  @Post('canary/abort')
  @ChangesPolicy('Take the canary back, at once, and a shadow of its version with it')
  abortCanary(
    @Param() { model }: ModelPath,
    @Body() { keep_shadow }: AbortCanaryBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    const edit = keep_shadow ? abortCanaryKeepingShadow : abortCanary;
    return this.changes.change(res, model, `abort the canary of ${model}`, edit, ifMatch);
  }

  @Post('shadow/start')
  @ChangesPolicy('Give a version copies of requests, whose answers nobody gets')
  startShadow(
    @Param() { model }: ModelPath,
    @Body() { version, percent }: StartShadowBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(res, model, `start a shadow of ${model}`, startShadow({ version, percent }), ifMatch);
  }

  @Post('shadow/stop')
  @ChangesPolicy('Stop a shadow, or all of them where no version is named')
  stopShadow(
    @Param() { model }: ModelPath,
    @Body() { version }: StopShadowBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) res: Response,
  ): Promise<Policy> {
    return this.changes.change(res, model, `stop shadows of ${model}`, stopShadow(version), ifMatch);
  }
}
