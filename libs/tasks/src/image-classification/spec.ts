/** What a worker must know of a classifier of images. All of it is plain data, so that it can cross a process boundary. */
export interface ClassifierSpec {
  input: InputSpec;
  output: OutputSpec;
  /** One label per class, in the order of the output. */
  labels: readonly string[];
}

/** What a worker answers for one image, best class first. */
export type SentClasses = readonly { classId: number; confidence: number }[];

export type Layout = 'NCHW' | 'NHWC';
export type InputType = 'float32' | 'float16' | 'uint8';
export type ChannelOrder = 'RGB' | 'BGR';

/**
 * How an image becomes the model's input tensor: orient, drop alpha, convert to 8-bit sRGB, resize, crop, then
 * x = (pixel * scale - mean) / std per channel. `mean` and `std` are in the order of `channels`.
 */
export interface InputSpec {
  /** Name of the graph's input. */
  name: string;
  layout: Layout;
  dtype: InputType;
  /** Pixels. */
  width: number;
  height: number;
  channels: ChannelOrder;
  resize: ResizeSpec;
  /** `center` cuts width x height out of the middle; `none` takes what the resize gave. */
  crop: 'center' | 'none';
  scale: number;
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
}

/**
 * `shorter-side`: the shorter side becomes `size`, the longer one follows (truncated), as torchvision's Resize(size).
 * `exact`: to width x height, aspect ratio not kept. `pad`: fits into width x height, the rest is black, centred.
 */
export type ResizeMode = 'shorter-side' | 'exact' | 'pad';
export type ResizeKernel = 'bilinear' | 'bicubic' | 'nearest' | 'lanczos';

export interface ResizeSpec {
  mode: ResizeMode;
  /** Pixels; needed by `shorter-side` alone. */
  size?: number;
  kernel: ResizeKernel;
}

export interface OutputSpec {
  /** Name of the graph's output. */
  name: string;
  /** `none` where the graph's outputs are probabilities already. */
  activation: 'softmax' | 'none';
}
