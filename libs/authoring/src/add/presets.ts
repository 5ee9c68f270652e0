import type { ChannelOrder, PresetName, ResizeMode } from '#tasks';

export type { PresetName };

type PerChannel = readonly [number, number, number];

/** A way of preparing images that many models were trained with. */
export interface Preset {
  /** Pixels of a side, where the graph leaves them open. */
  size?: number;
  resize: ResizeMode;
  /** With `shorter-side`: that side's length for an input whose longer side has so many pixels. */
  shorterSide?: (side: number) => number;
  channels: ChannelOrder;
  scale: number;
  mean: PerChannel;
  std: PerChannel;
}

/** 256 for 224: the middle 87.5%. */
const withMargin = (side: number): number => Math.round((side * 256) / 224);

export const PRESETS = {
  /** torchvision's and the ONNX Model Zoo's. */
  imagenet: {
    size: 224,
    resize: 'shorter-side',
    shorterSide: withMargin,
    channels: 'RGB',
    scale: 1 / 255,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
  /** Caffe's: 0..255, blue first, the mean taken off. */
  'imagenet-bgr': {
    size: 224,
    resize: 'shorter-side',
    shorterSide: withMargin,
    channels: 'BGR',
    scale: 1,
    mean: [103.939, 116.779, 123.68],
    std: [1, 1, 1],
  },
  /** TensorFlow's for Inception, MobileNet and EfficientNet-lite: -1..1. */
  inception: {
    size: 224,
    resize: 'shorter-side',
    shorterSide: withMargin,
    channels: 'RGB',
    scale: 1 / 127.5,
    mean: [1, 1, 1],
    std: [1, 1, 1],
  },
  cifar10: {
    size: 32,
    resize: 'shorter-side',
    shorterSide: (side) => side,
    channels: 'RGB',
    scale: 1 / 255,
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.247, 0.2435, 0.2616],
  },
  /** 0..1, and nothing else. */
  none: { resize: 'exact', channels: 'RGB', scale: 1 / 255, mean: [0, 0, 0], std: [1, 1, 1] },
  /** 0..255: the graph does the rest. */
  raw: { resize: 'exact', channels: 'RGB', scale: 1, mean: [0, 0, 0], std: [1, 1, 1] },
} as const satisfies Record<PresetName, Preset>;

/** Models with these presets have ImageNet's classes, where they have a thousand. */
export const IMAGENET_PRESETS: ReadonlySet<PresetName> = new Set<PresetName>(['imagenet', 'imagenet-bgr', 'inception']);

/** Programs that write ONNX files, by how models that they convert were trained as a rule. */
const TENSORFLOW = /tf2onnx|tflite|keras/i;
const CAFFE = /caffe/i;

/**
 * What a model is likely to have been trained with.
 * @param classes of its output @param size its input's width in pixels @param producer the program that wrote the file
 */
export function likelyPreset(classes: number | null, size: number | null, producer = ''): PresetName {
  if (CAFFE.test(producer) && classes === 1000) return 'imagenet-bgr';
  // TensorFlow's ImageNet models have a class for the background, too.
  if (classes === 1001 || (classes === 1000 && TENSORFLOW.test(producer))) return 'inception';
  if (classes === 1000) return 'imagenet';
  if (classes === 10 && size === 32) return 'cifar10';
  return 'none';
}
