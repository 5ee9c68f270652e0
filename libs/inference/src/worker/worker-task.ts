import type { InferenceSession } from 'onnxruntime-node';
import type { ErrorCode } from '#core';

/** The part of a task that runs in a worker. */
export interface WorkerTask {
  /** @throws ModelLoadError when the graph is not what the version's spec says */
  load(session: InferenceSession, context: LoadContext): LoadedRunner;
}

/** Loads the code of a task. */
export type LoadTask = () => Promise<WorkerTask>;

export interface LoadContext {
  /** What the task knows of the version, as it was sent by the server's part of the task. */
  spec: object;
  /** Images with more pixels than this are refused before they are decoded. */
  maxPixels: number;
  /** The largest batch that will be asked for. */
  maxBatch: number;
  /** Another worker has told already what the first runs show: it is enough to run once what will be run often. */
  isProven?: boolean;
}

/** What the first runs have shown. */
export interface WarmUp {
  /** Why items must run one by one: their answers depend on the others of their batch. */
  oneByOne?: string;
  /** What else somebody should look at, in sentences. */
  doubts?: readonly string[];
}

/** A version that has been loaded in this process. */
export interface LoadedRunner {
  /** The graph's batch dimension, where it is fixed. */
  readonly fixedBatch: number | null;
  /** Runs once what will be run often: the first run of each shape allocates. @throws ModelLoadError, Error */
  warmUp(): Promise<WarmUp>;
  /** Makes ready for a batch. */
  prepare(items: readonly WorkerItem[]): PreparedBatch;
}

export interface WorkerItem {
  params: object;
  payload: readonly Uint8Array[];
  /** Aborted when nobody waits for the item any more. Where a task can stop in the middle, it listens. */
  signal: AbortSignal;
}

/** A batch on its way. `prepare` of one batch goes on while another one runs; runs follow each other. */
export interface PreparedBatch {
  /** What has to be done for one item alone, such as decoding an image. @throws EyrieError: that item fails alone */
  prepare(item: number): Promise<void>;
  /**
   * Answers those items that were prepared, ascending; the others are left out.
   * @returns one result for each, in the same order @throws Error: all of them fail
   */
  run(items: readonly number[], progress: RunProgress): Promise<RunResult[]>;
}

export interface RunProgress {
  /** Sends a part of an answer ahead. */
  onChunk: (item: number, chunk: unknown) => void;
  /** The graph has run; what is left is to make answers of it. */
  onRan: () => void;
}

/**
 * What can be sent to another process, or why there is none for this item alone.
 * `bytes`: how large the output is; left out where that is little.
 */
export type RunResult = { output: unknown; bytes?: number } | { code: ErrorCode; detail: string };
