import type { EyrieError } from '#core';
import type { NestedElements } from './json/nested-list';

/** What a request brings to be answered about, before a version's task has made an input of it. */
export type Source = ImageSource | TensorSource | RowsSource | CsvSource;

/** The bytes of an image's file, or where they are. */
export type ImageSource = { bytes: Buffer } | { url: string };

/** Tensors by name, as JSON has them. */
export interface TensorSource {
  inputs: ReadonlyMap<string, SentTensor>;
  /** Names of the outputs that are wanted; without it all. */
  outputs?: readonly string[];
  /** Where it stands in the body, for messages: empty, or `items[3].` */
  path: string;
}

export interface SentTensor {
  data: NestedElements;
  /** What is said of it beside its data. */
  shape?: NestedElements;
  datatype?: string;
}

/** Rows of features that are asked together; in the place of one that could not be read its error. */
export interface RowsSource {
  rows: readonly (SentRow | EyrieError)[];
}

export interface SentRow {
  /** Without names, the values are in the order of the features. */
  names?: readonly string[];
  values: readonly (number | string | boolean | null)[];
  /** Where it stands in the body, for messages: `features`, `items[3].features`. */
  path: string;
}

/** The same as a CSV with a header, as it came. */
export interface CsvSource {
  csv: Buffer;
}
