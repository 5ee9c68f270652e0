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
 * All rows that were sent, in their order; in the place of one without an answer why it has none.
 * @param refused those that are not among the rows of the answer, by their place
 */
export function rowAnswers(
  task: AnyTabular,
  output: unknown,
  refused: NonNullable<InferenceInput['refused']> = new Map(),
): (RowAnswer | EyrieError)[] {
  const { rows, faults } = output as TableClasses | TableValues;
  let row = 0;
  return Array.from({ length: rows + refused.size }, (_, place) => {
    const error = refused.get(place);
    if (error) return error;
    const answer = faults.get(row) ?? rowAnswer(task, output, row);
    row++;
    return answer;
  });
}
