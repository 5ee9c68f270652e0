import type { SentValues, TabularRegressorSpec } from '../spec';
import { type Answers, notFinite, numbersOf, resultOf } from './answers';

/** The value of each row. */
export function valueAnswers({ output }: TabularRegressorSpec): Answers {
  return {
    width: 1,
    take: (tensors, rows) => numbersOf(output.name, tensors, rows, 1, 'a regression has one'),
    of(found, from, end, faults, _params, hasMissing) {
      const values = found.slice(from, end);
      const known = new Set(faults.map(({ row }) => row));
      values.forEach((value, row) => {
        if (Number.isFinite(value) || known.has(row)) return;
        faults.push(notFinite(row, `the model gave ${value}, which is no value`, hasMissing(row)));
      });
      return resultOf({ values, faults } satisfies SentValues, faults, end - from);
    },
  };
}
