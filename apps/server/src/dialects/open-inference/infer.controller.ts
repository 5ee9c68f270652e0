import { Controller, HttpCode, Inject, Param, Post, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import type { Request, Response } from 'express';
import { EyrieError, type ErrorCode } from '#core';
import type { Route } from '#routing';
import { RequireScope } from '../../auth/route-access';
import type { Config } from '../../config';
import { Forwarded } from '../../http/forwarded';
import { ModelPath, VersionPath } from '../../http/model-ref.dto';
import { contextOf } from '../../http/request-context';
import { PredictionService } from '../../serving/prediction.service';
import { questionOf } from '../../serving/question-of';
import { CONFIG } from '../../settings';
import type { InferRequest } from './infer-request';
import { ApiInfer } from './infer.openapi';
import { receiveInfer } from './receive-infer';
import { translate } from './translate';
import type { Translation } from './translation';
import { writeInfer } from './write-infer';

@RequireScope('predict')
@Controller({ path: 'v2/models/:model', version: VERSION_NEUTRAL })
export class InferController {
  constructor(
    private readonly predictions: PredictionService,
    private readonly forwarded: Forwarded,
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
    const question = questionOf(res, this.forwarded.addressOf(req));
    let translation!: Translation;
    const { route, results } = await this.predictions.predictParts(
      async (task, chosen) => {
        requireSameModel(request, chosen, path.version);
        translation = await translate(task, request, this.config);
        return translation.reads;
      },
      question,
      ({ output }) => translation.present(output),
    );
    Object.assign(contextOf(res).logged, { inference_id: request.id, inputs: results.length });
    const outputs = translation.outputs(all(results, translation));
    const { model: modelName, version } = route.version;
    await writeInfer(res, { id: request.id, modelName, modelVersion: String(version), outputs }, request);
  }
}

const THE_INPUTS_FAULT: ReadonlySet<ErrorCode> = new Set(['INVALID_IMAGE', 'INVALID_REQUEST', 'HARMFUL_INPUT']);

/** What fails for one of several pictures fails for the request, which has no place for an error beside its answers. */
function all(results: readonly unknown[], { places }: Translation): readonly unknown[] {
  const failed = results.findIndex((result) => result instanceof EyrieError);
  if (failed < 0) return results;
  const error = results[failed] as EyrieError;
  if (results.length === 1 || !places || !THE_INPUTS_FAULT.has(error.code)) throw error;
  const { code, message, retryAfterSeconds } = error;
  throw new EyrieError(code, `${places[failed]}: ${message}`, { retryAfterSeconds, cause: error.cause });
}

/** Clients name the model in the body as well. @throws EyrieError INVALID_REQUEST where it is another */
function requireSameModel({ modelName, modelVersion = '' }: InferRequest, { version }: Route, asked?: string): void {
  if (modelName !== undefined && modelName !== version.model) {
    throw new EyrieError(
      'INVALID_REQUEST',
      `model_name is "${modelName}" in the body, but the path names ${version.model}`,
    );
  }
  const isSame = ['', asked, String(version.version)].includes(modelVersion);
  if (isSame) return;
  const named = asked === undefined ? 'no version' : `version ${asked}`;
  throw new EyrieError(
    'INVALID_REQUEST',
    `model_version is "${modelVersion}" in the body, but the path names ${named}`,
  );
}
