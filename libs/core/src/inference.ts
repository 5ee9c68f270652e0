import { EyrieError } from './errors';

/**
 * What a version is asked and what it answers, as every room between the dialects and the workers hands it on. None of them
 * looks inside `params`, `payload` or `output`: these are for the version's task.
 */
export interface InferenceInput {
  /** Plain JSON data. */
  params: object;
  /** Bytes that are handed on as they are. */
  payload: readonly Uint8Array[];
  /** How much of a batch, and of the room in the queue, it takes: 1 for an image, the number of rows for a tensor. */
  cost: number;
  /** What it takes to make it ready for the model, where that is known beforehand. */
  preparation?: Preparation;
  /** How many questions it holds that are answered together, such as the rows of a table, to be counted: 1 where it is left out. */
  questions?: number;
  /** Questions that were sent with these and are not among them: why not, by their place among all. */
  refused?: ReadonlyMap<number, EyrieError>;
}

/** Several questions were sent together, and none of them can be asked. */
export class AllRefusedError extends EyrieError {
  constructor(readonly refused: readonly EyrieError[]) {
    super('INVALID_REQUEST', `none of the ${refused.length} can be asked; the first: ${refused[0]?.message}`);
  }
}

/** What it takes to make an input ready for the model, such as to decode an image, as far as its header says. */
export interface Preparation {
  /** Of one CPU, milliseconds. */
  ms: number;
  /** Of memory, at the most. */
  bytes: number;
  /** What it is that is prepared, to be told to whoever sent it: `progressive JPEG of 7000 x 7000 pixels in 882 scans`. */
  subject: string;
}

export interface InferenceRequest extends InferenceInput {
  /** On performance.now()'s clock. Read again when it is over: it may have been put off meanwhile. */
  readonly deadline: number;
  /** Aborted when nobody waits for the answer any more. */
  signal?: AbortSignal;
  /** Is handed the parts of an answer that comes in several, in their order; all of them before the answer. */
  onChunk?: (chunk: unknown) => void;
}

/** Where the time of one request went, in milliseconds. */
export interface Timings {
  /** From admission to the moment its batch was sent to a worker. */
  queue: number;
  /** What came before the run for this request alone, such as decoding and preprocessing an image. */
  decode: number;
  /** The run of the batch it was in. */
  inference: number;
  /** From admission to answer. */
  total: number;
}

/** What a version has made of a request. */
export interface InferenceResult<Output = unknown> {
  output: Output;
  timings: Timings;
  /** How large the output is, bytes; left out where that is little. */
  bytes?: number;
  /** How many requests shared the run. */
  batchSize: number;
  /** How much that run had to do: the costs of these requests together, as far as it is known which they were. */
  batchCost: number;
}
