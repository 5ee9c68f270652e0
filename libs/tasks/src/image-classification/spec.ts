/** What a worker must know of a classifier of images. All of it is plain data, so that it can cross a process boundary. */
export interface ClassifierSpec {
  input: InputSpec;
  output: OutputSpec;
  /** One label per class, in the order of the output; the "no" and the "yes" where the graph gives one score for both. */
  labels: readonly string[];
}

/** What a worker answers for one image, best class first. */
export type SentClasses = readonly { classId: number; confidence: number }[];

/** What is asked of a worker about one image. */
export interface ClassifierParams {
  /** How many classes to answer at the most; without it all, of a multi-label model those that reach its threshold. */
  topK?: number;
  /** Classes of a multi-label model that do not reach its threshold, too. */
  anyScore?: true;
  /** What is sent is no file but ready for the input, which these words describe (`Pixels.key`). */
  pixels?: string;
}

export type Layout = 'NCHW' | 'NHWC';
export type InputType = 'float32' | 'float16' | 'uint8' | 'int8';

/** How many channels an input has, and which. `GREY` is Pillow's `convert('L')`; images are opaque, so `A` is always 255. */
export type ChannelOrder = 'RGB' | 'BGR' | 'GREY' | 'RGBA' | 'BGRA';
export const CHANNELS: Readonly<Record<ChannelOrder, number>> = { RGB: 3, BGR: 3, GREY: 1, RGBA: 4, BGRA: 4 };

/** An integer `q` stands for the number (q - zero_point) * scale, as in ONNX's QuantizeLinear. */
export interface Quantization {
  scale: number;
  zero_point: number;
}

/**
 * How an image becomes the model's input tensor: orient, drop alpha, convert to 8-bit sRGB, resize, crop, then
 * x = (pixel * scale - mean) / std per channel. `mean` and `std` are in the order of `channels`, and as many.
 */
export interface InputSpec {
  /** Name of the graph's input. */
  name: string;
  layout: Layout;
  dtype: InputType;
  /** What stands in an integer input for x. A uint8 input without takes the pixels as they are. */
  quantization?: Quantization;
  /** Pixels. */
  width: number;
  height: number;
  channels: ChannelOrder;
  resize: ResizeSpec;
  /** `center` cuts width x height out of the middle; `none` takes what the resize gave. */
  crop: 'center' | 'none';
  scale: number;
  mean: readonly number[];
  std: readonly number[];
}

/**
 * `shorter-side`: the shorter side becomes `size`, the longer one follows (truncated), as torchvision's Resize(size).
 * `exact`: to `size`, or else to width x height; aspect ratio not kept. `pad`: fits into width x height, the rest is of one
 * colour, centred.
 */
export type ResizeMode = 'shorter-side' | 'exact' | 'pad';
export type ResizeKernel = 'bilinear' | 'bicubic' | 'nearest' | 'lanczos';

export interface ResizeSpec {
  mode: ResizeMode;
  /** Pixels; with `exact` a side of the square or [width, height], to crop from. */
  size?: number | readonly [number, number];
  kernel: ResizeKernel;
  /** What `pad` fills with: red, green, blue, 0..255; black where it is not given. */
  color?: readonly [number, number, number];
}

/** `none` where the graph's outputs are what is to be answered already, such as probabilities. */
export type Activation = 'softmax' | 'sigmoid' | 'none';

export interface OutputSpec {
  /** Name of the graph's output. */
  name: string;
  activation: Activation;
  /** What an integer output stands for. */
  quantization?: Quantization;
  /** Any number of classes may be right: answers name all whose score is at least `threshold`. */
  multi_label?: boolean;
  threshold?: number;
}

export const DEFAULT_THRESHOLD = 0.5;
