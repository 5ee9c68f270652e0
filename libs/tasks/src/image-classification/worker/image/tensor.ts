import { type ChannelOrder, CHANNELS, type InputSpec } from '../../spec';
import { toFloat16Bits } from '../../../float16';
import { roundHalfEven } from '../../../rounding';

/** Float16 travels as its bits. */
export type TensorData = Float32Array | Uint16Array | Uint8Array | Int8Array;

/** A value for each of the 256 that a channel can have; one table a channel, in the order of the tensor's channels. */
type Tables = readonly TensorData[];

/** Which byte of a pixel goes into the tensor's first three channels. */
const CHANNEL_BYTES: Readonly<Record<Exclude<ChannelOrder, 'GREY'>, readonly [number, number, number]>> = {
  RGB: [0, 1, 2],
  BGR: [2, 1, 0],
  RGBA: [0, 1, 2],
  BGRA: [2, 1, 0],
};

const OPAQUE = 255;

/** A new tensor for an input of this type, zeroed. */
export function allocateTensor({ dtype }: InputSpec, elements: number): TensorData {
  switch (dtype) {
    case 'float32':
      return new Float32Array(elements);
    case 'float16':
      return new Uint16Array(elements);
    case 'uint8':
      return new Uint8Array(elements);
    case 'int8':
      return new Int8Array(elements);
  }
}

/**
 * Writes one image into `target` from `offset` on, as x = (pixel * scale - mean) / std, and that as an integer where the input is
 * quantised.
 *
 * @param rgb input.height * input.width * 3 bytes
 * @throws RangeError when the target is of another type than the input, or too short
 */
export function fillTensor(rgb: ArrayLike<number>, input: InputSpec, target: TensorData, offset: number): void {
  const plane = input.width * input.height;
  const channels = CHANNELS[input.channels];
  checkTarget(target, input, offset + channels * plane);
  const tables = tablesOf(input);
  if (input.channels === 'GREY') return fillGrey(rgb, plane, tables[0]!, target, offset);
  const [table0, table1, table2, table3] = tables;
  const [byte0, byte1, byte2] = CHANNEL_BYTES[input.channels];
  const step = input.layout === 'NCHW' ? 1 : channels;
  const channelStart = input.layout === 'NCHW' ? plane : 1;
  // All three channels at once: each pixel is read once, which takes half the time of a turn for each channel.
  for (let from = 0, to = offset; from < 3 * plane; from += 3, to += step) {
    target[to] = table0![rgb[from + byte0]!]!;
    target[to + channelStart] = table1![rgb[from + byte1]!]!;
    target[to + 2 * channelStart] = table2![rgb[from + byte2]!]!;
  }
  if (!table3) return;
  const alpha = table3[OPAQUE]!;
  for (let i = 0, to = offset + 3 * channelStart; i < plane; i++, to += step) target[to] = alpha;
}

/** Pillow's `convert('L')`: the luma of ITU-R 601-2, in 16 bits. Of a grey pixel it is that grey. */
function fillGrey(rgb: ArrayLike<number>, plane: number, table: TensorData, target: TensorData, offset: number): void {
  for (let i = 0, from = 0; i < plane; i++, from += 3) {
    const luma = (rgb[from]! * 19_595 + rgb[from + 1]! * 38_470 + rgb[from + 2]! * 7_471 + 0x8000) >> 16;
    target[offset + i] = table[luma]!;
  }
}

function checkTarget(target: TensorData, input: InputSpec, needed: number): void {
  const bytesEach = { float32: 4, float16: 2, uint8: 1, int8: 1 }[input.dtype];
  if (target.BYTES_PER_ELEMENT !== bytesEach) {
    throw new RangeError(
      `a ${input.dtype} input needs ${bytesEach} bytes per element, not ${target.BYTES_PER_ELEMENT}`,
    );
  }
  if (target.length < needed)
    throw new RangeError(`the input needs ${needed} elements, there is room for ${target.length}`);
}

/** A version has one spec object for all its life. */
const tablesCache = new WeakMap<InputSpec, Tables>();

function tablesOf(input: InputSpec): Tables {
  let tables = tablesCache.get(input);
  if (!tables) {
    tables = Array.from({ length: CHANNELS[input.channels] }, (_, channel) => tableOf(input, channel));
    tablesCache.set(input, tables);
  }
  return tables;
}

function tableOf({ dtype, quantization, scale, mean, std }: InputSpec, channel: number): TensorData {
  let values = Float64Array.from({ length: 256 }, (_, pixel) => (pixel * scale - mean[channel]!) / std[channel]!);
  if (quantization) {
    const { scale: step, zero_point } = quantization;
    const [least, most] = dtype === 'uint8' ? [0, 255] : [-128, 127];
    values = values.map((x) => Math.min(most, Math.max(least, roundHalfEven(x / step) + zero_point)));
  }
  switch (dtype) {
    case 'float32':
      return Float32Array.from(values);
    case 'float16':
      return Uint16Array.from(values, toFloat16Bits);
    case 'int8':
      return Int8Array.from(values);
    case 'uint8':
      if (!quantization && values.some((value, pixel) => value !== pixel)) {
        throw new RangeError('a uint8 input without quantization takes the pixels as they are: scale 1, mean 0, std 1');
      }
      return Uint8Array.from(values);
  }
}
