import { EyrieError, type InferenceRequest, type InferenceResult, type ServedTask } from '#core';
import type { Classes } from './classes';
import { ImageClassifier } from './image-classifier';

/** A version that has been loaded, whatever its task. */
export interface Asked {
  readonly task: ServedTask;
  predict(request: InferenceRequest): Promise<InferenceResult>;
}

export interface ClassifyOptions extends Pick<InferenceRequest, 'deadline' | 'signal'> {
  /** How many classes to answer; of a multi-label model all that reach its threshold when left out, of any other the best. */
  topK?: number;
}

/** The task of a version that is a classifier of images. @throws EyrieError INVALID_REQUEST for any other */
export function imageClassifierOf({ task }: Pick<Asked, 'task'>): ImageClassifier {
  if (task instanceof ImageClassifier) return task;
  throw new EyrieError('INVALID_REQUEST', `this is for classifiers of images; the version's task is ${task.task}`);
}

/**
 * Has a version classify one image, given as the bytes of its file.
 * @throws EyrieError INVALID_REQUEST when it is no classifier of images, and what its `predict` throws
 */
export async function classify(
  version: Asked,
  image: Uint8Array,
  { topK, deadline, signal }: ClassifyOptions,
): Promise<InferenceResult<Classes>> {
  const classifier = imageClassifierOf(version);
  const result = await version.predict({ ...classifier.input(image, topK), deadline, signal });
  return { ...result, output: result.output as Classes };
}
