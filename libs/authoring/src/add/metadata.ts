import type { OnnxModel } from '#onnx';
import type { ChannelOrder, Quantization, ResizeMode } from '#tasks';
import { parseLiteral } from './literal';

/** What a file says of the preparation of images and of its classes, beside its graph. */
export interface FileFacts {
  inputSize?: { width: number; height: number };
  channels?: ChannelOrder;
  resize?: { mode: ResizeMode; size?: number };
  scale?: number;
  /** For each channel the same. */
  mean?: number;
  std?: number;
  labels?: string[];
}

/** What pixels of 0..255 become. */
export const RANGES = {
  '0..255': { scale: 1, mean: 0, std: 1 },
  '0..1': { scale: 1 / 255, mean: 0, std: 1 },
  '-1..1': { scale: 1 / 127.5, mean: 1, std: 1 },
  '16..235': { scale: 219 / 255, mean: -16, std: 1 },
} as const;

/** Metadata that Windows ML defines: https://learn.microsoft.com/windows/ai/windows-ml/tutorials/ … "Image metadata". */
const PIXEL_FORMATS: Readonly<Record<string, ChannelOrder>> = {
  bgr8: 'BGR',
  rgb8: 'RGB',
  gray8: 'GREY',
  bgra8: 'BGRA',
  rgba8: 'RGBA',
};
const PIXEL_RANGES: Readonly<Record<string, keyof typeof RANGES>> = {
  nominalrange_0_255: '0..255',
  nominalrange_16_235: '16..235',
  normalized_0_1: '0..1',
  normalized_1_1: '-1..1',
};
const LABEL_KEYS = ['names', 'labels', 'classes', 'class_names', 'id2label', 'categories'];

/** Reads the metadata of Windows ML and of Ultralytics' exporter, and lists of classes under their usual names. */
export function metadataOf({ metadataProps = [] }: OnnxModel): FileFacts {
  const said = new Map(metadataProps.map(({ key, value }) => [key.toLowerCase(), value.trim()]));
  return { ...windowsMl(said), ...ultralytics(said), ...labelsIn(said) };
}

/**
 * What the integers of a quantised input stand for, where that is a range that images are usually brought to.
 * @param least the smallest integer there is: 0 or -128
 */
export function rangeOf({ scale, zero_point }: Quantization, least: number): FileFacts {
  const low = (least - zero_point) * scale;
  const high = (least + 255 - zero_point) * scale;
  for (const [name, [from, to]] of Object.entries({ '0..255': [0, 255], '0..1': [0, 1], '-1..1': [-1, 1] })) {
    const slack = (to! - from!) * 0.02;
    if (Math.abs(low - from!) <= slack && Math.abs(high - to!) <= slack)
      return { ...RANGES[name as keyof typeof RANGES] };
  }
  return {};
}

function windowsMl(said: ReadonlyMap<string, string>): FileFacts {
  const channels = PIXEL_FORMATS[said.get('image.bitmappixelformat')?.toLowerCase() ?? ''];
  const range = PIXEL_RANGES[said.get('image.nominalpixelrange')?.toLowerCase() ?? ''];
  if (channels === undefined && range === undefined) return {};
  return { ...(channels && { channels }), resize: { mode: 'exact' }, ...RANGES[range ?? '0..255'] };
}

function ultralytics(said: ReadonlyMap<string, string>): FileFacts {
  if (said.get('task') !== 'classify' || !said.has('imgsz')) return {};
  const [height, width] = numbersIn(said.get('imgsz'));
  if (!height || !width) return {};
  const size = { inputSize: { width, height } };
  return { ...size, resize: { mode: 'shorter-side', size: Math.min(width, height) }, ...RANGES['0..1'] };
}

function numbersIn(text = ''): number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}

function labelsIn(said: ReadonlyMap<string, string>): FileFacts {
  for (const key of LABEL_KEYS) {
    const labels = parseLiteral(said.get(key) ?? '');
    if (labels && labels.length > 1) return { labels };
  }
  return {};
}
