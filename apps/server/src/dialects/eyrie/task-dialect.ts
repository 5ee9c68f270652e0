import { Injectable } from '@nestjs/common';
import { EyrieError, type ServedTask } from '#core';
import { type Classes, ImageClassifier, TensorModel, type Tensors } from '#tasks';
import type { Source } from '../../inputs/source';
import type { Interpret } from '../../serving/prediction.service';
import type { Question } from '../../serving/question';
import { ImageDialect } from './image-dialect';
import type { Presented } from './presented';
import { TensorDialect } from './tensor-dialect';

/** How versions of each task are asked and answered in this dialect. */
@Injectable()
export class TaskDialects {
  constructor(
    private readonly images: ImageDialect,
    private readonly tensors: TensorDialect,
  ) {}

  interpret(question: Question): Interpret<Source> {
    return (task) => {
      if (task instanceof ImageClassifier) return this.images.interpret(task, question);
      if (task instanceof TensorModel) return this.tensors.interpret(task, question);
      throw notSpokenHere(task);
    };
  }

  present(task: ServedTask, output: unknown): Presented {
    if (task instanceof ImageClassifier) return this.images.present(output as Classes);
    if (task instanceof TensorModel) return this.tensors.present(output as Tensors);
    throw notSpokenHere(task);
  }
}

function notSpokenHere({ task }: ServedTask): EyrieError {
  return new EyrieError('INVALID_REQUEST', `a version whose task is ${task} cannot be asked by this route`);
}
