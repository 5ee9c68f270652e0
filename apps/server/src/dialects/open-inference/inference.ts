import { Inject, Injectable } from '@nestjs/common';
import { EyrieError } from '#core';
import type { Route } from '#routing';
import type { TensorValue } from '#tasks';
import type { Config } from '../../config';
import type { Outgoing } from '../../http/exchange';
import { contextOf } from '../../http/request-context';
import { PredictionService } from '../../serving/prediction.service';
import { questionOf } from '../../serving/question-of';
import { CONFIG } from '../../settings';
import type { InferRequest } from './infer-request';
import { translate } from './translate';
import type { Translation } from './translation';

export interface InferResponse {
  id?: string;
  modelName: string;
  modelVersion: string;
  outputs: readonly TensorValue[];
}

/** The way of an inference request that has been read to its answer, whatever carries them. */
@Injectable()
export class OpenInference {
  constructor(
    private readonly predictions: PredictionService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Whom it asks is in its permit.
   * @param version as the path has it
   * @throws EyrieError, or the signal's reason
   */
  async infer(request: InferRequest, res: Outgoing, version?: string): Promise<InferResponse> {
    const question = questionOf(res);
    let translation!: Translation;
    const { route, results } = await this.predictions.predictParts(
      async (task, chosen) => {
        requireSameModel(request, chosen, version);
        translation = await translate(task, request, this.config);
        return translation.reads;
      },
      question,
      ({ output }) => translation.present(output),
    );
    Object.assign(contextOf(res).logged, { inference_id: request.id, inputs: results.length });
    const outputs = translation.outputs(all(results, translation));
    return { id: request.id, modelName: route.version.model, modelVersion: String(route.version.version), outputs };
  }
}

const INPUTS_FAULTS = ['INVALID_IMAGE', 'INVALID_REQUEST', 'HARMFUL_INPUT'] as const;

/** What fails for one of several pictures fails for the request, which has no place for an error beside its answers. */
function all(results: readonly unknown[], { places }: Translation): readonly unknown[] {
  const failed = results.findIndex((result) => result instanceof EyrieError);
  if (failed < 0) return results;
  const error = results[failed] as EyrieError;
  const code = INPUTS_FAULTS.find((each) => each === error.code);
  if (results.length === 1 || !places || !code) throw error;
  const { message, retryAfterSeconds, cause } = error;
  throw new EyrieError(code, `${places[failed]}: ${message}`, { retryAfterSeconds, cause });
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
