import { Inject, Injectable } from '@nestjs/common';
import { EyrieError, type InferenceInput, invalidField } from '#core';
import { type AnyTabular, rowAnswer, TabularRegressor } from '#tasks';
import type { CsvSource, RowsSource, Source } from '../../inputs/source';
import type { Question } from '../../serving/question';
import { CONFIG } from '../../settings';
import type { Config } from '../../config';
import type { Presented } from './presented';

/** Names of so many features are told to whoever has sent something else. */
const NAMES_SHOWN = 5;
/** Classes in the answers to all rows together: written as JSON, so many take some 20 ms. */
const MAX_CLASSES_ANSWERED = 50_000;

/** Rows of features in, classes or values out. */
@Injectable()
export class TabularDialect {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** @throws EyrieError INVALID_REQUEST for more classes than there are, or for classes of a regression */
  interpret(task: AnyTabular, { topK }: Question) {
    const count = this.classesFor(task, topK);
    return async (source: Source): Promise<InferenceInput> => {
      requireRows(source, task);
      const input =
        'csv' in source
          ? await task.inputOfCsv(source.csv, { maxRows: this.config.MAX_TABLE_ROWS }, count)
          : await task.input(source.rows, count);
      const { questions = 1 } = input;
      if (questions * count <= MAX_CLASSES_ANSWERED) return input;
      const most = Math.floor(MAX_CLASSES_ANSWERED / questions);
      throw invalidField('top_k', `of ${count} is too much for ${questions} rows: send fewer, or ask for ${most}`);
    };
  }

  /** One row. */
  present(task: AnyTabular, output: unknown): Presented {
    const body = rowAnswer(task, output, 0);
    if ('value' in body) return { body, logged: body };
    const [best] = body.predictions;
    return { body, logged: { class: best?.label, confidence: best?.confidence } };
  }

  private classesFor(task: AnyTabular, topK: number | undefined): number {
    if (task instanceof TabularRegressor) {
      if (topK !== undefined)
        throw invalidField('top_k', 'is for models that name classes; this one answers with a value');
      return 1;
    }
    const classes = task.labels.length;
    if (topK !== undefined && topK > classes) {
      throw invalidField('top_k', `must be at most ${classes}, the number of classes of the model`);
    }
    return topK ?? Math.min(this.config.TOP_K_PREDICTIONS, classes);
  }
}

function requireRows(
  source: Source,
  { features }: Pick<AnyTabular, 'features'>,
): asserts source is RowsSource | CsvSource {
  if ('rows' in source || 'csv' in source) return;
  const names = features.slice(0, NAMES_SHOWN).map(({ name }) => name);
  const shown = names.join(', ') + (features.length > NAMES_SHOWN ? ', …' : '');
  const detail = `the model takes rows of a table: send {"features": {…}} as JSON, with ${shown}`;
  if ('inputs' in source) throw invalidField(`${source.path}inputs`, `is for models of tensors; ${detail}`);
  throw new EyrieError('INVALID_REQUEST', detail);
}
