import { Controller, HttpCode, Inject, Param, Post, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequireScope } from '../../auth/route-access';
import type { Config } from '../../config';
import { ModelPath, VersionPath } from '../../http/model-ref.dto';
import { CONFIG } from '../../settings';
import { ApiInfer } from './infer.openapi';
import { OpenInference } from './inference';
import { receiveInfer } from './receive-infer';
import { writeInfer } from './write-infer';

@RequireScope('predict')
@Controller({ path: 'v2/models/:model', version: VERSION_NEUTRAL })
export class InferController {
  constructor(
    private readonly inference: OpenInference,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post('infer')
  @HttpCode(200)
  @ApiInfer('The outputs of the version that the policy chooses')
  inferByModel(@Req() req: Request, @Res() res: Response, @Param() path: ModelPath): Promise<void> {
    return this.infer(req, res, path);
  }

  @Post('versions/:version/infer')
  @HttpCode(200)
  @ApiInfer('The outputs of a version')
  inferByVersion(@Req() req: Request, @Res() res: Response, @Param() path: VersionPath): Promise<void> {
    return this.infer(req, res, path);
  }

  /** Whom it asks is in its permit. */
  private async infer(req: Request, res: Response, path: ModelPath & { version?: string }): Promise<void> {
    const request = await receiveInfer(req, this.config);
    await writeInfer(res, await this.inference.infer(request, res, path.version), request);
  }
}
