import { firstNotFinite, sigmoid, softmax, topK } from '../../worker/scores';
import type { SentTable, TabularClassifierSpec } from '../spec';
import { type Answers, notFinite, numbersOf, resultOf } from './answers';

/** The best classes of each row. */
export function classAnswers({ output, labels }: TabularClassifierSpec): Answers {
  const classes = labels.length;
  // One value stands for two classes: how likely the second one is. Which of the two a graph gives shows when it is run.
  let width = classes;
  const activated = (row: Float64Array): ArrayLike<number> => {
    if (output.activation === 'softmax') return softmax(row);
    const scores = output.activation === 'sigmoid' ? row.map(sigmoid) : row;
    return scores.length === 1 ? Float64Array.of(1 - scores[0]!, scores[0]!) : scores;
  };
  return {
    get width() {
      return width;
    },
    take(tensors, rows) {
      const [tensor] = tensors;
      const isYesOrNo = classes === 2 && output.activation !== 'softmax' && tensor?.size === (tensor?.dims[0] ?? 1);
      width = isYesOrNo ? 1 : classes;
      return numbersOf(output.name, tensors, rows, width, `there are ${classes} labels`);
    },
    of(found, from, end, faults, { topK: asked = 1 }, hasMissing) {
      const rows = end - from;
      const perRow = Math.min(asked, classes);
      const sent: SentTable = {
        perRow,
        classIds: new Int32Array(rows * perRow),
        scores: new Float64Array(rows * perRow),
        faults,
      };
      const known = new Set(faults.map(({ row }) => row));
      for (let row = 0; row < rows; row++) {
        if (known.has(row)) continue;
        const scores = activated(found.subarray((from + row) * width, (from + row + 1) * width));
        const bad = firstNotFinite(scores);
        if (bad !== undefined) {
          const said = `the model gave ${scores[bad]} for class ${bad} ("${labels[bad]}"), which is no score`;
          faults.push(notFinite(row, said, hasMissing(row)));
          continue;
        }
        topK(scores, perRow).forEach(({ classId, confidence }, place) => {
          sent.classIds[row * perRow + place] = classId;
          sent.scores[row * perRow + place] = confidence;
        });
      }
      return resultOf(sent, faults, rows);
    },
  };
}
