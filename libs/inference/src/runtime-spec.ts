/** How a version is run. */
export interface RuntimeSpec {
  /** Worker processes. */
  workers: number;
  /** ONNX Runtime's intra-op threads per worker. */
  threads: number;
  /** What a run may take at the most, in units of `InferenceInput.cost`. */
  maxBatch: number;
  /** What may wait, in the same units. */
  maxQueue: number;
  /** How long a batch may wait to fill up, in milliseconds; 0 runs what is there as soon as a worker is free. */
  maxDelayMs: number;
}
