import type { Limit } from '#core';
import type { CostlyRoom } from './costly-room';
import type { Device } from './messages';
import type { PreparationLimits } from './preparation';
import type { RuntimeSpec } from './runtime-spec';

/** What holds for all versions alike. */
export interface InferenceSettings {
  /** Compiled entry file of the workers. */
  workerEntry: string;
  /** Images with more pixels than this are refused before they are decoded. */
  maxPixels: number;
  /** An answer that has more bytes is none; 64 MiB without it. */
  maxAnswerBytes?: number;
  /** Inputs that cost more to prepare, by what is known of them beforehand, are refused; without it none is. */
  maxPreparation?: PreparationLimits;
  /** Where costly inputs of all versions take turns; each version alone without it. */
  costlyRoom?: CostlyRoom;
  device?: Device;
  /** How long a worker may take to load a model, milliseconds. */
  loadTimeout?: Limit;
  /** When nothing more comes of a model file for so many milliseconds, its storage hangs, and the load fails. */
  readTimeout?: Limit;
  /** A worker that does not answer a batch for so long is replaced. */
  batchTimeoutMs?: number;
  /** The longest wait before a worker that keeps dying is replaced again. */
  maxBackoffMs?: number;
}

export interface PredictorOptions extends InferenceSettings {
  /** Name of the version's task. */
  task: string;
  /** Absolute path of the ONNX file. */
  modelPath: string;
  /** Of that file, 64 lower-case hex digits. Workers run these bytes or none, so that all of them give the same answers. */
  sha256: string;
  /** What the task's part in the worker must know of the version: plain data. */
  spec: object;
  runtime: RuntimeSpec;
  observer?: PredictorObserver;
  /**
   * Asked before a lost worker is replaced, which may be long after the start: where the model file is now. It throws
   * when there is none.
   */
  modelFile?: () => Promise<string>;
  /** Aborted while it starts, it starts no more: its processes are ended, and it fails with the signal's reason. */
  signal?: AbortSignal;
}

/** Is told what happens inside, for logs and metrics. */
export interface PredictorObserver {
  onBatch?: (size: number) => void;
  onWorkerLost?: (reason: string) => void;
  onWorkerRestartFailed?: (reason: string) => void;
  onWorkerStderr?: (line: string) => void;
}
