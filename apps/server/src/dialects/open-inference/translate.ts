import { EyrieError, type ServedTask } from '#core';
import { ImageClassifier, TensorModel } from '#tasks';
import type { InferRequest } from './infer-request';
import { translatePictures } from './pictures';
import { translateTensors } from './tensors';
import type { Translation, TranslationLimits } from './translation';

/** @throws EyrieError INVALID_REQUEST, INVALID_IMAGE, IMAGE_TOO_LARGE */
export function translate(task: ServedTask, request: InferRequest, limits: TranslationLimits): Promise<Translation> {
  if (task instanceof ImageClassifier) return translatePictures(task, request, limits);
  if (task instanceof TensorModel) return translateTensors(task, request);
  throw new EyrieError('INVALID_REQUEST', `a version whose task is ${task.task} cannot be asked by this protocol`);
}
