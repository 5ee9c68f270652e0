import { EyrieError, type InferenceInput, type ServedTask } from '#core';
import { ImageClassifier, TensorModel, type TensorValue } from '#tasks';
import type { Config } from '../../config';
import type { Wait } from '../../serving/prediction.service';
import type { InferRequest } from './infer-request';
import { translatePictures } from './pictures';
import { translateTensors } from './tensors';

export type TranslationLimits = Pick<Config, 'MAX_BATCH_ITEMS' | 'MAX_IMAGE_BYTES'>;

/** How a request is asked of a version, and its answers are given. */
export interface Translation<Part = unknown> {
  /** One for each question that the request has. */
  reads: readonly ((wait: Wait) => Promise<InferenceInput>)[];
  /** Where each of them stands in the request, for messages; undefined where there is only one. */
  places?: readonly string[];
  /** What is to be said of one answer. */
  present(output: unknown): Part;
  /** All of them as tensors. */
  outputs(parts: readonly Part[]): readonly TensorValue[];
}

/** @throws EyrieError INVALID_REQUEST, INVALID_IMAGE, IMAGE_TOO_LARGE */
export function translate(task: ServedTask, request: InferRequest, limits: TranslationLimits): Promise<Translation> {
  if (task instanceof ImageClassifier) return translatePictures(task, request, limits);
  if (task instanceof TensorModel) return translateTensors(task, request);
  throw new EyrieError('INVALID_REQUEST', `a version whose task is ${task.task} cannot be asked by this protocol`);
}
