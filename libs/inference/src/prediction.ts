/** One class and how sure the model is of it. */
export interface ClassScore {
  class_id: number;
  label: string;
  /** 0..1 where the model gives probabilities. */
  confidence: number;
}

/** Where the time of one request went, in milliseconds. */
export interface Timings {
  /** From admission to the moment its batch was sent to a worker. */
  queue: number;
  /** Decoding and preprocessing of this image. */
  decode: number;
  /** The run of the batch it was in. */
  inference: number;
  /** From admission to answer. */
  total: number;
}

/** A model's answer for one image, best class first. */
export interface Prediction {
  classes: ClassScore[];
  timings: Timings;
  /** How many images shared the run. */
  batchSize: number;
}
