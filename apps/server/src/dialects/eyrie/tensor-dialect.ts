import { Injectable } from '@nestjs/common';
import { EyrieError, invalidField, type InferenceInput } from '#core';
import { elementsAsJson, type TensorModel, type Tensors } from '#tasks';
import type { Source } from '../../inputs/source';
import type { Question } from '../../serving/question';
import { JsonInPieces } from './json-in-pieces';
import { requireNoTable } from './other-source';
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
      requireNoTable(source, 'tensors, as "inputs"');
      if ('inputs' in source) return await task.fromSent(source.inputs, source.outputs, source.path);
      const names = task.inputs.map(({ name }) => name).join(', ');
      const detail = `the model takes no image but tensors: send {"inputs": {…}} as JSON, with ${names}`;
      throw new EyrieError('INVALID_REQUEST', detail);
    };
  }

  present(tensors: Tensors): Presented {
    const outputs = tensors.map((tensor) => {
      const { name, shape, datatype } = tensor;
      return [name, { shape, datatype, data: new JsonInPieces(() => listOf(elementsAsJson(tensor))) }];
    });
    return { body: { outputs: Object.fromEntries(outputs) as object }, logged: {} };
  }
}

async function* listOf(elements: AsyncIterable<string>): AsyncGenerator<string> {
  yield '[';
  yield* elements;
  yield ']';
}
