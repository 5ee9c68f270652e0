/** One class and how sure the model is of it. */
export interface ClassScore {
  class_id: number;
  label: string;
  /** 0..1 where the model gives probabilities. */
  confidence: number;
}

/** The classes that were asked for, best first. Of a multi-label model those that reach its threshold, which may be none. */
export type Classes = readonly ClassScore[];
