import type { InferenceInput } from '#core';
import type { TensorValue } from '#tasks';
import type { Config } from '../../config';
import type { Wait } from '../../serving/prediction.service';

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
