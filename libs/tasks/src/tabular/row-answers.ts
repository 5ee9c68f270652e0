import { type EyrieError, type InferenceInput, type ServedTask } from '#core';
import type { Classes } from '../image-classification/classes';
import { TabularClassifier, type TableClasses } from './tabular-classifier';
import { TabularRegressor, type TableValues } from './tabular-regressor';

/** A version that answers rows of a table. */
export type AnyTabular = TabularClassifier | TabularRegressor;

/** What is said of one row: classes, best first, or a value. */
export type RowAnswer = { predictions: Classes } | { value: number };

export function isTabular(task: ServedTask): task is AnyTabular {
  return task instanceof TabularClassifier || task instanceof TabularRegressor;
}

/** @throws EyrieError where the row has no answer */
export function rowAnswer(task: AnyTabular, output: unknown, row: number): RowAnswer {
  if (task instanceof TabularRegressor) return { value: task.numberOf(output as TableValues, row) };
  return { predictions: task.classesOf(output as TableClasses, row) };
}

/**
 * All rows that were sent, in their order; in the place of one without an answer why it has none. Each is made when it is asked for:
 * all of a large table at once take some 20 ms.
 * @param refused those that are not among the rows of the answer, by their place
 */
export function* rowAnswers(
  task: AnyTabular,
  output: unknown,
  refused: NonNullable<InferenceInput['refused']> = new Map(),
): Generator<RowAnswer | EyrieError> {
  const { rows, faults } = output as TableClasses | TableValues;
  let row = 0;
  for (let place = 0; place < rows + refused.size; place++) {
    const error = refused.get(place);
    if (!error) {
      yield faults.get(row) ?? rowAnswer(task, output, row);
      row++;
    } else yield error;
  }
}
