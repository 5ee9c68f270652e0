import type { ErrorCode } from '#core';
import type { ModelSpec } from './model-spec';

/**
 * All that passes between the server and its workers. A worker is told to load once, answers `loaded` or
 * `load-failed`, and from then on answers every batch with exactly one `result` of the same number. Batches come over a
 * pipe of their own (see batch-frames.ts); when that ends, the worker finishes what it has received, and exits.
 */

export interface LoadMessage {
  spec: ModelSpec;
  /** ONNX Runtime's intra-op threads. */
  threads: number;
  /** The largest batch that will be asked for. */
  maxBatch: number;
  /** Images with more pixels than this are refused before they are decoded. */
  maxPixels: number;
  device: Device;
}

export type Device = 'cpu' | 'cuda';

/** The stdio of a worker over which batches come. */
export const BATCH_PIPE = 4;

export interface RunMessage {
  batch: number;
  items: BatchItem[];
}

export interface BatchItem {
  /** The file as it came: JPEG, PNG, WebP or GIF. */
  image: Uint8Array;
  /** How many classes to answer. */
  topK: number;
}

export type FromWorker = LoadedMessage | LoadFailedMessage | ResultMessage | MemoryMessage;

export interface LoadedMessage {
  type: 'loaded';
  loadMs: number;
  warmUpMs: number;
  /** The graph's batch dimension, where it is fixed. */
  fixedBatch: number | null;
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
  /** It gives another number of scores per image than there are labels. */
  | { kind: 'other-classes'; classes: number }
  /** It loads, and fails when it is run. */
  | { kind: 'does-not-run' };

export interface ResultMessage {
  type: 'result';
  batch: number;
  /** One for each item of the batch, in its order. */
  items: ItemResult[];
}

/** Comes half a second after a result, once for all results until then. */
export interface MemoryMessage {
  type: 'memory';
  /** As in `LoadedMessage`. */
  rssBytes: number;
}

export type ItemResult = ItemPrediction | ItemFailure;

export interface ItemPrediction {
  ok: true;
  /** Best class first. */
  top: { classId: number; confidence: number }[];
  decodeMs: number;
  inferenceMs: number;
  /** How many images shared the run. */
  batchSize: number;
  /** When decoding and the run began, on `monotonicNow`'s clock. */
  decodeAt: number;
  runAt: number;
  /** From the end of the run until the best classes of the whole batch were found. */
  postMs: number;
}

export interface ItemFailure {
  ok: false;
  code: ErrorCode;
  detail: string;
  /** Of an image that could not be decoded. */
  decodeAt?: number;
  decodeMs?: number;
}
