import { Injectable } from '@nestjs/common';
import { EyrieError, type ServedTask } from '#core';
import { type Classes, ImageClassifier, isTabular, rowAnswers, TensorModel, type Tensors } from '#tasks';
import type { Source } from '../../inputs/source';
import type { Answer, Interpret } from '../../serving/prediction.service';
import type { Question } from '../../serving/question';
import { ImageDialect } from './image-dialect';
import type { Presented } from './presented';
import { TabularDialect } from './tabular-dialect';
import { TensorDialect } from './tensor-dialect';

/** How versions of each task are asked and answered in this dialect. */
@Injectable()
export class TaskDialects {
  constructor(
    private readonly images: ImageDialect,
    private readonly tensors: TensorDialect,
    private readonly tables: TabularDialect,
  ) {}

  interpret(question: Question): Interpret<Source> {
    return (task) => {
      if (task instanceof ImageClassifier) return this.images.interpret(task, question);
      if (task instanceof TensorModel) return this.tensors.interpret(task, question);
      if (isTabular(task)) return this.tables.interpret(task, question);
      throw notSpokenHere(task);
    };
  }

  present(task: ServedTask, output: unknown): Presented {
    if (task instanceof ImageClassifier) return this.images.present(output as Classes);
    if (task instanceof TensorModel) return this.tensors.present(output as Tensors);
    if (isTabular(task)) return this.tables.present(task, output);
    throw notSpokenHere(task);
  }

  /** Each question of those that were asked together, in their order: its answer, or why it has none. */
  presentAll({ task, output, input }: Pick<Answer, 'task' | 'output' | 'input'>): Iterable<object | EyrieError> {
    if (isTabular(task)) return rowAnswers(task, output, input.refused);
    return [this.present(task, output).body];
  }
}

function notSpokenHere({ task }: ServedTask): EyrieError {
  return new EyrieError('INVALID_REQUEST', `a version whose task is ${task} cannot be asked by this route`);
}
