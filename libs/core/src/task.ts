import type { FieldError } from './errors';
import type { InferenceInput } from './inference';

/** What a graph says of one of its inputs or outputs. */
export interface TensorInfo {
  name: string;
  /** Of the elements, as ONNX Runtime calls them: `float32`, `int64`, `string` …; null for what is no tensor. */
  type: string | null;
  /** A dimension that is free has a name, or -1. */
  shape: readonly (number | string)[];
}

export interface GraphInfo {
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
}

/**
 * The kind of question that a version answers. What is particular to it is here and in the worker's part of the same folder;
 * all else of the server knows this interface only.
 */
export interface Task {
  /** As `task` in model.json names it. */
  readonly name: string;
  /** The fields of model.json that are this task's. */
  readonly fields: readonly string[];
  /** Those of them that are no business of whoever asks the version. */
  readonly privateFields: readonly string[];
  /** Checks these fields. @returns what is wrong with them; nothing when they are right */
  check(fields: Readonly<Record<string, unknown>>): readonly FieldError[];
  /**
   * Reads what the version's other files say.
   * @param fields checked before
   * @param read gives the bytes of a file of the version
   * @throws Error when they are not what they must be, in a sentence for a person
   */
  prepare(fields: Readonly<Record<string, unknown>>, read: ReadVersionFile): Promise<PreparedTask>;
}

export type ReadVersionFile = (file: string) => Promise<Uint8Array>;

/** A version that could be loaded. */
export interface PreparedTask {
  /** What its workers must know: plain data. Answers depend on it, so it is part of the version's identity. */
  readonly spec: object;
  /** @param graph as a worker has loaded it */
  serve(graph: GraphInfo): ServedTask;
}

/** What one loaded version can be asked, and what its answers mean. */
export interface ServedTask<Output = unknown> {
  readonly task: string;
  /** What `GET /v1/models/…` says of it beside the manifest. */
  readonly card: Readonly<Record<string, unknown>>;
  /** Makes an answer of what a worker sent. @throws EyrieError WORKER_FAILED where that is none */
  answer(sent: unknown): Output;
  /** The one thing that log lines say of an answer; undefined where there is no such thing. */
  headline(output: Output): Headline | undefined;
  /** What is counted of an answer. */
  tally(output: Output): Tally;
  /** How an answer compares with that of another version of the same model; large ones take their time. */
  compare(output: Output, other: Output): Comparison | Promise<Comparison>;
  /** How answers are kept. */
  readonly cache: AnswerCodec<Output>;
  /**
   * A question for this version as a shadow: as the client asked another one, or less where the comparison needs less.
   * @throws EyrieError where it cannot be asked the same
   */
  forComparison(input: InferenceInput): InferenceInput;
  /** Asks what the version must know before it may serve. @throws Error naming the first thing it does not */
  prove?(ask: (input: InferenceInput) => Promise<Output>, read: ReadVersionFile): Promise<void>;
}

export interface Headline {
  label: string;
  /** 0..1 where the model gives probabilities. */
  confidence: number;
}

/** Its id tells a class; two may have the same label. */
export interface NamedClass {
  class_id: number;
  label: string;
}

/** What is left out there is none of. */
export interface Tally {
  /** The classes that it names, each once. */
  classes?: readonly (NamedClass & { count: number })[];
  /** How sure the model is of the best class, for each question. */
  confidences?: ArrayLike<number>;
  /** The number that it answers with, for each question. */
  values?: ArrayLike<number>;
}

export interface Comparison {
  agreed: boolean;
  /** Confidence of the other's headline minus that of the answer's; undefined where they have none. */
  confidenceShift?: number;
  /** What either said, for people who look at a disagreement. */
  said: [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>];
}

/**
 * Of questions with one key a broader one's answer holds those to all narrower ones: the best five classes hold the best three.
 */
export interface AnswerCodec<Output> {
  /** What of `params` an answer depends on beside how broad the question is, in few characters. */
  key(params: object): string;
  /** How broad a question is; Infinity for one that asks for all there is. */
  breadth(params: object): number;
  /** @param params of the question that was answered @returns undefined for an answer that is too large to be kept */
  encode(output: Output, params: object): string | undefined;
  /** @returns with the answer how broad a question may be that it holds the answer to; undefined for a text that is no answer */
  decode(text: string, params: object): { output: Output; breadth: number } | undefined;
  /** Of an answer to a broader question that to this one. */
  narrowed(output: Output, params: object): Output;
}
