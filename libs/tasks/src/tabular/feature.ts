/** What a client sends for a feature. A category is a text. */
export type FeatureType = 'number' | 'category' | 'boolean';

export const FEATURE_TYPES: readonly FeatureType[] = ['number', 'category', 'boolean'];

/** One column of a table, as model.json has it. Their order is that in which values are sent without names. */
export interface FeatureSpec {
  name: string;
  type: FeatureType;
  /** Of a category: all there are. Where the graph takes numbers for it, the place in this list is what it gets, from 0. */
  values?: readonly string[];
  /** `false`: a row may leave it out; the graph gets `default`, or NaN or an empty text where there is none. */
  required?: boolean;
  default?: FeatureValue;
  /** The input of the graph that takes it, where there are several. */
  input?: string;
}

export type FeatureValue = number | string | boolean;

/** What a row has for a feature; null where it has nothing. */
export type Cell = FeatureValue | null;

/** More is a mistake, or meant to hurt. */
export const MAX_FEATURES = 10_000;
