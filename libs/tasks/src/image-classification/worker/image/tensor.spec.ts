import { randomBytes } from 'node:crypto';
import type { InputSpec } from '../../spec';
import { toFloat16Bits } from '../../../float16';
import { pixelInput } from './input.fixture';
import { fillTensor } from './tensor';

const WIDTH = 5;
const HEIGHT = 3;
const rgb = randomBytes(WIDTH * HEIGHT * 3);
const NORMALISED: Partial<InputSpec> = {
  width: WIDTH,
  height: HEIGHT,
  dtype: 'float32',
  scale: 1 / 255,
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.25, 0.3],
};

/** By the definition, one element at a time. */
function expected(input: InputSpec, y: number, x: number, channel: number): number {
  const byte = input.channels === 'RGB' ? channel : 2 - channel;
  const pixel = rgb[(y * WIDTH + x) * 3 + byte]!;
  return (pixel * input.scale - input.mean[channel]!) / input.std[channel]!;
}

function forEachElement(input: InputSpec, visit: (index: number, value: number) => void): void {
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const index = input.layout === 'NCHW' ? (channel * HEIGHT + y) * WIDTH + x : (y * WIDTH + x) * 3 + channel;
        visit(index, expected(input, y, x, channel));
      }
    }
  }
}

describe('fillTensor', () => {
  it.each([
    ['NCHW', 'RGB'],
    ['NCHW', 'BGR'],
    ['NHWC', 'RGB'],
    ['NHWC', 'BGR'],
  ] as const)(
    'puts every pixel where %s %s wants it, normalised by the channel’s own mean and std',
    (layout, channels) => {
      const input = pixelInput({ ...NORMALISED, layout, channels });
      const target = new Float32Array(WIDTH * HEIGHT * 3);
      fillTensor(rgb, input, target, 0);
      forEachElement(input, (index, value) => expect(target[index]).toBe(Math.fround(value)));
    },
  );

  it('writes float16 as bits', () => {
    const input = pixelInput({ ...NORMALISED, dtype: 'float16', layout: 'NCHW' });
    const target = new Uint16Array(WIDTH * HEIGHT * 3);
    fillTensor(rgb, input, target, 0);
    forEachElement(input, (index, value) => expect(target[index]).toBe(toFloat16Bits(value)));
  });

  it('writes uint8 pixels as they are', () => {
    const target = new Uint8Array(WIDTH * HEIGHT * 3);
    fillTensor(rgb, pixelInput({ width: WIDTH, height: HEIGHT }), target, 0);
    expect(Buffer.from(target)).toEqual(rgb);
  });

  it('makes a grey of each pixel as Pillow does', () => {
    const colours = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 77, 77, 77);
    const target = new Uint8Array(4);
    fillTensor(colours, pixelInput({ width: 4, height: 1, channels: 'GREY', mean: [0], std: [1] }), target, 0);
    // PIL.Image.convert('L') of red, green, blue and a grey.
    expect([...target]).toEqual([76, 150, 29, 77]);
  });

  it.each([
    ['NCHW', 'RGBA', [1, 4, 2, 5, 3, 6, 255, 255]],
    ['NHWC', 'RGBA', [1, 2, 3, 255, 4, 5, 6, 255]],
    ['NHWC', 'BGRA', [3, 2, 1, 255, 6, 5, 4, 255]],
  ] as const)('%s, %s: a fourth channel is opaque', (layout, channels, expected) => {
    const input = pixelInput({ width: 2, height: 1, layout, channels, mean: [0, 0, 0, 0], std: [1, 1, 1, 1] });
    const target = new Uint8Array(8);
    fillTensor(Uint8Array.of(1, 2, 3, 4, 5, 6), input, target, 0);
    expect([...target]).toEqual(expected);
  });

  it('quantises as ONNX does: ties to even, cut to the range of the type', () => {
    const grey = { height: 1, channels: 'GREY', mean: [0], std: [1] } as const;
    const pixels = [0, 1, 2, 3, 255];
    const rgbOf = Uint8Array.from(pixels.flatMap((value) => [value, value, value]));
    const input = pixelInput({ ...grey, width: 5, dtype: 'int8', quantization: { scale: 2, zero_point: -1 } });
    const target = new Int8Array(5);
    fillTensor(rgbOf, input, target, 0);
    // 0.5 goes to 0, 1.5 to 2, 127.5 to 128; then the zero point, then the range.
    expect([...target]).toEqual([-1, -1, 0, 1, 127]);
  });

  it('touches no other image of the batch', () => {
    const size = WIDTH * HEIGHT * 3;
    const target = new Float32Array(3 * size).fill(NaN);
    fillTensor(rgb, pixelInput({ ...NORMALISED }), target, size);
    expect(target.subarray(0, size).every(Number.isNaN)).toBe(true);
    expect(target.subarray(size, 2 * size).some(Number.isNaN)).toBe(false);
    expect(target.subarray(2 * size).every(Number.isNaN)).toBe(true);
  });

  it('refuses a uint8 input that wants the pixels scaled', () => {
    const input = pixelInput({ width: WIDTH, height: HEIGHT, scale: 1 / 255 });
    expect(() => fillTensor(rgb, input, new Uint8Array(WIDTH * HEIGHT * 3), 0)).toThrow(/takes the pixels as they are/);
  });

  it('refuses a target of another type, or without room', () => {
    const input = pixelInput({ ...NORMALISED });
    expect(() => fillTensor(rgb, input, new Uint8Array(WIDTH * HEIGHT * 3), 0)).toThrow(/4 bytes per element/);
    expect(() => fillTensor(rgb, input, new Float32Array(WIDTH * HEIGHT * 3), 1)).toThrow(/room for 45/);
  });
});
