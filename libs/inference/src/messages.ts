import type { ErrorCode, GraphInfo } from '#core';

/**
 * All that passes between the server and its workers. A worker is told to load once, answers `loaded` or `load-failed`, and
 * from then on answers each item of a batch in `answers` messages: `chunk`s as the task has them, then exactly one `done` or
 * `failed`. Batches, and what is called back, come over a pipe of their own (see frames.ts); when that ends, the worker
 * finishes what it has received, and exits.
 */

export interface LoadMessage {
  /** Name of the version's task. */
  task: string;
  /** Absolute path of the ONNX file. */
  modelPath: string;
  /** Of the file, 64 lower-case hex digits; with any other the load fails. */
  sha256: string;
  /** What the task knows of the version. */
  spec: object;
  /** ONNX Runtime's intra-op threads. */
  threads: number;
  /** The largest batch that will be asked for. */
  maxBatch: number;
  /** Images with more pixels than this are refused before they are decoded. */
  maxPixels: number;
  /** An item whose output has more bytes fails. */
  maxAnswerBytes: number;
  /** A worker of the version has been up already: what its first runs show is known. */
  isProven?: boolean;
  device: Device;
}

export type Device = 'cpu' | 'cuda';

/** The stdio of a worker over which batches come. */
export const BATCH_PIPE = 4;

export type ToWorker = RunMessage | CancelMessage;

export interface RunMessage {
  batch: number;
  items: BatchItem[];
}

/** Nobody waits for this item any more. It is answered nevertheless, as `failed` where it could be given up. */
export interface CancelMessage {
  batch: number;
  cancel: number;
}

export interface BatchItem {
  params: object;
  payload: readonly Uint8Array[];
  /** On `monotonicNow`'s clock, which is the same in all processes; what is not done by then is given up. */
  deadline: number;
}

export type FromWorker =
  ReadingMessage | LoadedMessage | LoadFailedMessage | AnswersMessage | PieceMessage | MemoryMessage;

/** The model file is about to be read, more of it has been, or all: whoever waits for it can tell a slow storage from one that hangs. */
export interface ReadingMessage {
  type: 'reading';
  isDone: boolean;
}

export interface LoadedMessage {
  type: 'loaded';
  loadMs: number;
  warmUpMs: number;
  /** The graph's batch dimension, where it is fixed. */
  fixedBatch: number | null;
  /** Why items must run one by one, where their answers depend on the others of their batch. */
  oneByOne?: string;
  /** What else the first runs have shown that somebody should look at, in sentences. */
  doubts: readonly string[];
  graph: GraphInfo;
  /** Memory of the process that is not swapped out, bytes. */
  rssBytes: number;
}

export interface LoadFailedMessage {
  type: 'load-failed';
  detail: string;
  fault: LoadFault;
}

/** What is wrong with a model that cannot be served. */
export type LoadFault =
  /** The file, or what the manifest says of its inputs and outputs. */
  | { kind: 'unfit' }
  /** The file cannot be read; `code` is the system's. */
  | { kind: 'unreadable'; code?: string }
  /** It gives another number of scores per image than there are labels. */
  | { kind: 'other-classes'; classes: number }
  /** It loads, and fails when it is run. */
  | { kind: 'does-not-run' };

export interface AnswersMessage {
  type: 'answers';
  batch: number;
  answers: ItemAnswer[];
}

/**
 * Of an `AnswersMessage` that is large, as `v8.serialize` has it: pieces follow each other, and nothing comes between them. Whoever
 * reads the channel would otherwise be held up by it as a whole.
 */
export interface PieceMessage {
  type: 'piece';
  bytes: Uint8Array;
  /** Of all pieces. */
  totalBytes: number;
}

/** Comes half a second after an answer, once for all answers until then. */
export interface MemoryMessage {
  type: 'memory';
  /** As in `LoadedMessage`. */
  rssBytes: number;
}

/** `item` is the place in the batch. */
export type ItemAnswer = ItemChunk | ItemDone | ItemFailed;

export interface ItemChunk {
  kind: 'chunk';
  item: number;
  chunk: unknown;
}

export interface ItemDone {
  kind: 'done';
  item: number;
  output: unknown;
  /** How large the output is; left out where that is little. */
  bytes?: number;
  work: Work;
}

export interface ItemFailed {
  kind: 'failed';
  item: number;
  /** WORKER_FAILED is the model's fault; DEADLINE_EXCEEDED says that the item was given up. */
  code: ErrorCode;
  detail: string;
  /** Of an item that failed before the run. */
  work?: Pick<Work, 'decodeAt' | 'decodeMs'>;
}

/** Where the time of an item went in the worker. Times are on `monotonicNow`'s clock. */
export interface Work {
  /** What came before the run for this item alone. */
  decodeAt: number;
  decodeMs: number;
  runAt: number;
  inferenceMs: number;
  /** From the end of the run until the answers of the whole batch were made. */
  postMs: number;
  /** How many items shared the run. */
  batchSize: number;
}
