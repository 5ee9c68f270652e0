import type { ResizeKernel } from '../../spec';
import { convolve, PRECISION_BITS, type Taps } from './convolution';
import type { Region, Size } from './geometry';
import type { Pixels } from './pixels';

/*
 * Pillow's resampling, to the bit. Models are trained on images that Pillow resized, and libvips does it another way: it
 * shrinks by whole numbers first and enlarges by other rules. With its `linear` for `bilinear` that is up to 7/255 off when
 * it shrinks and 39/255 when it enlarges; `cubic` is up to 27/255 off.
 *
 * The algorithm is that of Pillow's src/libImaging/Resample.c (`ImagingResample`, 8 bits a channel): separable, the kernel
 * stretched by the shrink factor so that every source pixel counts, weights in 22-bit fixed point, rounded to 8 bits after
 * the horizontal pass and again after the vertical one.
 *
 * Two things are done differently, and change no value: only `window` of the resized image is computed, and of the image
 * between the passes only the rows that are needed next are kept. Memory does not depend on the size of the resized image,
 * which can be absurd: an image of 1 x 30000 pixels whose shorter side becomes 256 would have 2 gigapixels.
 */

interface Filter {
  /** Reach to either side, in pixels of the smaller of the two images. */
  support: number;
  weight(x: number): number;
}

const FILTERS: Readonly<Record<Exclude<ResizeKernel, 'nearest'>, Filter>> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: catmullRom },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Cuts `window` out of `source` resized to `resized`. Gives window.height * window.width * 3 bytes. */
export function resample(source: Pixels, resized: Size, window: Region, kernel: ResizeKernel): Uint8Array {
  if (kernel === 'nearest') return pickNearest(source, resized, window);
  const filter = FILTERS[kernel];
  const across = weigh(source.width, resized.width, window.left, window.width, filter);
  const down = weigh(source.height, resized.height, window.top, window.height, filter);
  return convolve(source, across, down);
}

function weigh(sourceSize: number, resizedSize: number, from: number, count: number, filter: Filter): Taps {
  const scale = sourceSize / resizedSize;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  const stride = Math.min(Math.ceil(support) * 2 + 1, sourceSize);
  const taps: Taps = {
    count,
    first: new Int32Array(count),
    length: new Int32Array(count),
    weights: new Int32Array(count * stride),
    stride,
  };
  const raw = new Float64Array(stride);
  for (let i = 0; i < count; i++) {
    const center = (from + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const length = Math.min(sourceSize, Math.trunc(center + support + 0.5)) - first;
    let sum = 0;
    for (let j = 0; j < length; j++) {
      raw[j] = filter.weight((j + first - center + 0.5) * (1 / stretch));
      sum += raw[j]!;
    }
    for (let j = 0; j < length; j++) {
      taps.weights[i * stride + j] = toFixedPoint(sum === 0 ? raw[j]! : raw[j]! / sum);
    }
    taps.first[i] = first;
    taps.length[i] = length;
  }
  return taps;
}

/** As Pillow's Geometry.c (`ImagingScaleAffine`), which adds up steps instead of multiplying: the last bits matter. */
function pickNearest(source: Pixels, resized: Size, window: Region): Uint8Array {
  const columns = nearestOf(source.width, resized.width, window.left, window.width);
  const rows = nearestOf(source.height, resized.height, window.top, window.height);
  const result = new Uint8Array(window.width * window.height * 3);
  let to = 0;
  for (const y of rows) {
    for (const x of columns) {
      const from = (y * source.width + x) * 3;
      result[to] = source.data[from]!;
      result[to + 1] = source.data[from + 1]!;
      result[to + 2] = source.data[from + 2]!;
      to += 3;
    }
  }
  return result;
}

function nearestOf(sourceSize: number, resizedSize: number, from: number, count: number): Int32Array {
  const step = sourceSize / resizedSize;
  const picked = new Int32Array(count);
  let position = step * 0.5;
  for (let i = 0; i < from + count; i++) {
    if (i >= from) picked[i - from] = Math.min(sourceSize - 1, Math.trunc(position));
    position += step;
  }
  return picked;
}

function toFixedPoint(weight: number): number {
  return Math.trunc(weight * (1 << PRECISION_BITS) + (weight < 0 ? -0.5 : 0.5));
}

/** Cubic convolution with a = -0.5. */
function catmullRom(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  return Math.sin(x * Math.PI) / (x * Math.PI);
}
