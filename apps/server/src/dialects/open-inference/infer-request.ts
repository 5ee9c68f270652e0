import type { NestedElements } from '../../inputs/json/nested-list';

/** What an inference request says, before a version's task has made inputs of it. */
export interface InferRequest {
  /** The client's own, to be given back. */
  id?: string;
  /** What the body says of whom it is for, which the path has said already. */
  modelName?: string;
  modelVersion?: string;
  /** Bytes without any description: all of the body is the data of the model's only input. */
  inputs: readonly SentInput[] | Buffer;
  /** Without it all. */
  outputs?: readonly RequestedOutput[];
  /** Outputs that say nothing of it are wanted as bytes. */
  isBinary: boolean;
}

export interface SentInput {
  name: string;
  datatype: string;
  shape: NestedElements;
  /** As JSON has it, or bytes behind the JSON. */
  data: NestedElements | Buffer;
  /** How its sender has encoded it, as MLServer calls it: `base64`. */
  contentType?: string;
}

export interface RequestedOutput {
  name: string;
  /** As bytes behind the JSON, or not; undefined where only the request as a whole says. */
  isBinary?: boolean;
  /** So many classes, best first, instead of all scores. */
  classification?: number;
}
