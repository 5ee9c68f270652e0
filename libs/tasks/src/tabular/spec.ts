import type { Activation } from '../image-classification/spec';
import type { FeatureSpec } from './feature';

/** What a worker knows of a version. */
export type TabularSpec = TabularClassifierSpec | TabularRegressorSpec;

export interface TabularClassifierSpec {
  kind: 'classification';
  features: readonly FeatureSpec[];
  output: ClassOutput;
  labels: readonly string[];
}

export interface TabularRegressorSpec {
  kind: 'regression';
  features: readonly FeatureSpec[];
  output: ValueOutput;
}

export interface ClassOutput {
  /** Of the graph: scores, [rows, classes]; one value for two classes is that of the second. */
  name: string;
  /** What makes probabilities of them; `none` where they are such. */
  activation: Activation;
}

export interface ValueOutput {
  /** Of the graph: one number for each row. */
  name: string;
  /** Two versions agree where their values differ by no more, in the unit of the value; without it, by a hundredth of the larger one. */
  tolerance?: number;
}

/** What a batch is told beside the bytes of its rows. */
export interface TableParams {
  rows: number;
  /** See `layoutOf`. */
  layout: string;
  /** Of a classification: how many classes to answer for each row. */
  topK?: number;
}

/** Why a row has no answer. */
export interface RowFault {
  row: number;
  code: 'INVALID_REQUEST' | 'WORKER_FAILED';
  detail: string;
}

/** What a worker sends of a classification: `perRow` classes for each row, best first. */
export interface SentTable {
  perRow: number;
  classIds: Int32Array;
  scores: Float64Array;
  faults: readonly RowFault[];
}

/** What a worker sends of a regression: a number for each row. */
export interface SentValues {
  values: Float64Array;
  faults: readonly RowFault[];
}
