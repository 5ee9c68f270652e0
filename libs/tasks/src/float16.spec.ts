import { float16ToNumbers, fromFloat16Bits, toFloat16Bits } from './float16';

const INFINITY = 0x7c00;
const positiveFinite = Array.from({ length: INFINITY }, (_, bits) => bits);

describe('float16', () => {
  it('gives every number back that binary16 can hold', () => {
    const wrong = positiveFinite.filter((bits) => {
      const value = fromFloat16Bits(bits);
      return toFloat16Bits(value) !== bits || toFloat16Bits(-value) !== (bits | 0x8000);
    });
    expect(wrong).toEqual([]);
  });

  it('rounds to the nearest, and half way to the even one, everywhere between two neighbours', () => {
    const wrong = positiveFinite.slice(0, -1).filter((bits) => {
      const low = fromFloat16Bits(bits);
      const high = fromFloat16Bits(bits + 1);
      const middle = (low + high) / 2;
      const nudge = (high - low) * 1e-9;
      const rounded = [middle - nudge, middle, middle + nudge].map(toFloat16Bits);
      return rounded[0] !== bits || rounded[1] !== bits + (bits & 1) || rounded[2] !== bits + 1;
    });
    expect(wrong).toEqual([]);
  });

  it.each([
    ['the smallest subnormal', 2 ** -24, 0x0001],
    ['half of it, a tie with zero', 2 ** -25, 0x0000],
    ['just over half of it', 2 ** -25 * 1.001, 0x0001],
    ['the smallest normal', 2 ** -14, 0x0400],
    ['one', 1, 0x3c00],
    ['minus two', -2, 0xc000],
    ['a third', 1 / 3, 0x3555],
    ['the largest', 65504, 0x7bff],
    ['what still rounds down to the largest', 65519.99, 0x7bff],
    ['what rounds up past it', 65520, INFINITY],
    ['infinity', Infinity, INFINITY],
    ['minus infinity', -Infinity, 0xfc00],
    ['minus zero', -0, 0x8000],
    ['not a number', NaN, 0x7e00],
  ])('knows %s', (_, value, bits) => {
    expect(toFloat16Bits(value)).toBe(bits);
  });

  it('reads an array of bits', () => {
    expect([...float16ToNumbers(Uint16Array.of(0x3c00, 0xc000, 0x0001, INFINITY, 0x7e00))]).toEqual([
      1,
      -2,
      2 ** -24,
      Infinity,
      NaN,
    ]);
  });
});
