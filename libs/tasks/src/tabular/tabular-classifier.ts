import {
  type AnswerCodec,
  type Comparison,
  EyrieError,
  type GraphInfo,
  type Headline,
  type InferenceInput,
  type Tally,
} from '#core';
import type { Classes } from '../image-classification/classes';
import type { CsvOptions } from './csv/read-csv';
import { decodeNumbers, encodeNumbers } from './numbers-codec';
import type { SentRow } from './read-rows';
import type { SentTable, TableParams, TabularClassifierSpec } from './spec';
import { faultsOf, type TableAnswer, TabularModel } from './tabular-model';

/** The classes of each row of a table, best first. */
export interface TableClasses extends TableAnswer {
  /** Classes for each row. */
  perRow: number;
  /** Row by row. */
  classIds: Int32Array;
  scores: Float64Array;
  /** Of the version that has answered, in the order of its classes. */
  labels: readonly string[];
}

/** Which class a row belongs to. */
export class TabularClassifier extends TabularModel<TableClasses> {
  readonly task = 'tabular-classification';
  readonly labels: readonly string[];
  readonly card: Readonly<Record<string, unknown>>;
  protected readonly paramsOfComparison = { topK: 1 };

  constructor({ features, labels }: TabularClassifierSpec, graph: GraphInfo, target?: string) {
    super(features, graph, target);
    this.labels = labels;
    this.card = { features, labels };
  }

  /** @param topK how many classes to answer for each row @throws as `TabularModel.rowsInput` */
  input(rows: readonly (SentRow | EyrieError)[], topK = 1): Promise<InferenceInput> {
    return this.rowsInput(rows, { topK });
  }

  /** @throws as `TabularModel.csvInput` */
  inputOfCsv(csv: Buffer, options: CsvOptions, topK = 1): Promise<InferenceInput> {
    return this.csvInput(csv, { topK }, options);
  }

  answer(sent: unknown): TableClasses {
    const { perRow, classIds, scores, faults } = sent as SentTable;
    const wrong = classIds.find((classId) => classId >= this.labels.length);
    if (wrong !== undefined) throw new EyrieError('WORKER_FAILED', `the worker named class ${wrong}, which is none`);
    const { labels } = this;
    return { rows: classIds.length / perRow, perRow, classIds, scores, labels, faults: faultsOf(faults) };
  }

  /** Best first. @throws EyrieError where the row has no answer */
  classesOf({ perRow, classIds, scores, labels, faults }: TableClasses, row: number): Classes {
    const fault = faults.get(row);
    if (fault) throw fault;
    return Array.from({ length: perRow }, (_, place) => {
      const at = row * perRow + place;
      const class_id = classIds[at]!;
      return { class_id, label: labels[class_id]!, confidence: scores[at]! };
    });
  }

  /** Of a single row. */
  headline(answer: TableClasses): Headline | undefined {
    return answer.rows === 1 && answer.faults.size === 0 ? this.classesOf(answer, 0)[0] : undefined;
  }

  tally({ rows, perRow, classIds, scores, faults }: TableClasses): Tally {
    const counts = new Map<number, number>();
    const confidences: number[] = [];
    for (let row = 0; row < rows; row++) {
      if (faults.has(row)) continue;
      const best = classIds[row * perRow]!;
      counts.set(best, (counts.get(best) ?? 0) + 1);
      confidences.push(scores[row * perRow]!);
    }
    const classes = [...counts].map(([class_id, count]) => ({ class_id, label: this.labels[class_id]!, count }));
    return { classes, confidences };
  }

  compare(answer: TableClasses, other: TableClasses): Comparison {
    const [fault, otherFault] = [answer.faults.get(0), other.faults.get(0)];
    if (fault || otherFault) {
      const said = (error: EyrieError | undefined) => ({ error: error?.message ?? null });
      return { agreed: fault !== undefined && otherFault !== undefined, said: [said(fault), said(otherFault)] };
    }
    const [best, otherBest] = [answer, other].map((classes) => {
      const class_id = classes.classIds[0]!;
      return { class_id, label: classes.labels[class_id]!, confidence: classes.scores[0]! };
    });
    const shortly = ({ label, confidence }: Headline) => ({ label, confidence });
    return {
      agreed: best!.label === otherBest!.label,
      confidenceShift: otherBest!.confidence - best!.confidence,
      said: [shortly(best!), shortly(otherBest!)],
    };
  }

  readonly cache: AnswerCodec<TableClasses> = {
    key: (params) => String((params as TableParams).rows),
    breadth: (params) => (params as TableParams).topK ?? Infinity,
    encode: ({ perRow, classIds, scores, faults }) =>
      faults.size > 0
        ? ''
        : JSON.stringify({ perRow, classIds: encodeNumbers(classIds), scores: encodeNumbers(scores) }),
    decode: (text, params) => {
      const output = decodeTable(text, params as TableParams, this.labels);
      return output && { output, breadth: output.perRow };
    },
    narrowed: (output, params) => bestOf(output, (params as TableParams).topK ?? Infinity),
  };
}

function decodeTable(text: string, { rows }: TableParams, labels: readonly string[]): TableClasses | undefined {
  try {
    const kept = JSON.parse(text) as { perRow: number; classIds: string; scores: string };
    const classIds = decodeNumbers(kept.classIds, Int32Array);
    const scores = decodeNumbers(kept.scores, Float64Array);
    const { perRow } = kept;
    const isWhole = perRow > 0 && classIds.length === rows * perRow && scores.length === classIds.length;
    if (!isWhole || classIds.some((classId) => classId < 0 || classId >= labels.length)) return undefined;
    return { rows, perRow, classIds, scores, labels, faults: new Map() };
  } catch {
    return undefined;
  }
}

/** The first `topK` classes of each row. */
function bestOf(output: TableClasses, topK: number): TableClasses {
  const { rows, perRow } = output;
  if (topK >= perRow) return output;
  const isBest = (_: number, i: number): boolean => i % perRow < topK;
  const [classIds, scores] = [output.classIds.filter(isBest), output.scores.filter(isBest)];
  return { ...output, rows, perRow: topK, classIds, scores };
}
