import { roundHalfEven } from './rounding';

/*
 * IEEE 754 binary16: one sign bit, five of exponent (biased by 15), ten of fraction. Node 20 has no Float16Array, so the
 * numbers travel as their bits.
 */

/** Half way between the largest number, 65504, and what would come next. */
const OVERFLOW = 65520;
const SMALLEST_NORMAL = 2 ** -14;
const SMALLEST_SUBNORMAL = 2 ** -24;

/** The bits of the binary16 number nearest to `value`, ties to even. */
export function toFloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= OVERFLOW) return sign | 0x7c00;
  // Dividing by a power of two is exact, so there is one rounding only. A fraction that is rounded up to the next power of
  // two carries into the exponent, which is the right number.
  if (magnitude < SMALLEST_NORMAL) return sign | roundHalfEven(magnitude / SMALLEST_SUBNORMAL);
  const exponent = exponentOf(magnitude);
  const fraction = roundHalfEven(magnitude / 2 ** (exponent - 10)) - 1024;
  return sign | (((exponent + 15) << 10) + fraction);
}

/** The numbers that binary16 bits stand for; exact. */
export function float16ToNumbers(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, fromFloat16Bits);
}

export function fromFloat16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * SMALLEST_SUBNORMAL;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The e with 2^e <= magnitude < 2^(e+1). `log2` may miss by one beside a power of two. */
function exponentOf(magnitude: number): number {
  const guess = Math.floor(Math.log2(magnitude));
  if (2 ** guess > magnitude) return guess - 1;
  return 2 ** (guess + 1) <= magnitude ? guess + 1 : guess;
}
