import type { ChannelOrder, InputSpec } from '../../spec';
import { toFloat16Bits } from '../../../float16';

/** Float16 travels as its bits. */
export type TensorData = Float32Array | Uint16Array | Uint8Array;

/** A value for each of the 256 that a channel can have; one table a channel, in the order of the tensor's channels. */
type Tables = readonly [TensorData, TensorData, TensorData];

const CHANNEL_BYTES: Readonly<Record<ChannelOrder, readonly [number, number, number]>> = {
  RGB: [0, 1, 2],
  BGR: [2, 1, 0],
};

/**
 * Writes one image into `target` from `offset` on, as x = (pixel * scale - mean) / std.
 *
 * @param rgb input.height * input.width * 3 bytes
 * @throws RangeError when the target is of another type than the input, or too short
 */
export function fillTensor(rgb: ArrayLike<number>, input: InputSpec, target: TensorData, offset: number): void {
  const plane = input.width * input.height;
  checkTarget(target, input, offset + 3 * plane);
  const [table0, table1, table2] = tablesOf(input);
  const [byte0, byte1, byte2] = CHANNEL_BYTES[input.channels];
  const step = input.layout === 'NCHW' ? 1 : 3;
  const channelStart = input.layout === 'NCHW' ? plane : 1;
  // All three channels at once: each pixel is read once, which takes half the time of a turn for each channel.
  for (let from = 0, to = offset; from < 3 * plane; from += 3, to += step) {
    target[to] = table0[rgb[from + byte0]!]!;
    target[to + channelStart] = table1[rgb[from + byte1]!]!;
    target[to + 2 * channelStart] = table2[rgb[from + byte2]!]!;
  }
}

function checkTarget(target: TensorData, input: InputSpec, needed: number): void {
  const bytesEach = { float32: 4, float16: 2, uint8: 1 }[input.dtype];
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
    tables = [tableOf(input, 0), tableOf(input, 1), tableOf(input, 2)];
    tablesCache.set(input, tables);
  }
  return tables;
}

function tableOf({ dtype, scale, mean, std }: InputSpec, channel: 0 | 1 | 2): TensorData {
  const values = Float64Array.from({ length: 256 }, (_, pixel) => (pixel * scale - mean[channel]) / std[channel]);
  switch (dtype) {
    case 'float32':
      return Float32Array.from(values);
    case 'float16':
      return Uint16Array.from(values, toFloat16Bits);
    case 'uint8':
      if (values.some((value, pixel) => value !== pixel)) {
        throw new RangeError('a uint8 input takes the pixels as they are: scale must be 1, mean 0 and std 1');
      }
      return Uint8Array.from(values);
  }
}
