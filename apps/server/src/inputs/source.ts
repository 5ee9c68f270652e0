/** What a request brings to be answered about, before a version's task has made an input of it. */
export type Source = ImageSource | TensorSource;

/** The bytes of an image's file, or where they are. */
export type ImageSource = { bytes: Buffer } | { url: string };

/** Tensors by name, as JSON has them. */
export interface TensorSource {
  inputs: Readonly<Record<string, unknown>>;
  /** Names of the outputs that are wanted; without it all. */
  outputs?: unknown;
  /** Where it stands in the body, for messages: empty, or `items[3].` */
  path: string;
}
