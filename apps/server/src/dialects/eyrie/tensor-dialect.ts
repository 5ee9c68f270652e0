import { Injectable } from '@nestjs/common';
import { EyrieError, invalidField, type InferenceInput } from '#core';
import { type TensorModel, type Tensors, toJson } from '#tasks';
import type { Source } from '../../inputs/source';
import type { Question } from '../../serving/question';
import type { Presented } from './presented';

/** Tensors in, tensors out. */
@Injectable()
export class TensorDialect {
  /** @throws EyrieError INVALID_REQUEST */
  interpret(task: TensorModel, { topK }: Question) {
    if (topK !== undefined) {
      throw invalidField('top_k', 'is for models that name classes; this one answers with tensors');
    }
    return async (source: Source): Promise<InferenceInput> => {
      if ('inputs' in source) return await task.fromSent(source.inputs, source.outputs, source.path);
      const names = task.inputs.map(({ name }) => name).join(', ');
      const detail = `the model takes no image but tensors: send {"inputs": {…}} as JSON, with ${names}`;
      throw new EyrieError('INVALID_REQUEST', detail);
    };
  }

  present(tensors: Tensors): Presented {
    const outputs = Object.fromEntries(tensors.map((tensor) => [tensor.name, toJson(tensor)]));
    return { body: { outputs }, logged: {} };
  }
}
