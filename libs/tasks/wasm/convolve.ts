/*
 * AssemblyScript, compiled to WebAssembly with SIMD: the inner loops of the resampler (../src/worker/image/convolution.ts),
 * four sums at a time.
 *
 * A sum of bytes times 22-bit weights needs 32 bits, and so does each of its products. The instruction that multiplies
 * and adds at once takes 16 bits: so a weight w is cut into w >> 15 and w & 32767, each part is summed by itself, and the
 * sum is (upper << 15) + lower. That is exact modulo 2^32, whatever overflows on the way, and the whole fits into 31 bits.
 *
 * Weights come for two neighbours a and b at a time, as 16-bit numbers: a >> 15, b >> 15, a & 32767, b & 32767. Where their
 * number is odd, the last one's neighbour has the weight 0; its bytes are read nevertheless.
 */

const PRECISION_BITS: i32 = 22;
const LOWER_BITS: i32 = 15;
const HALF: i32 = 1 << (PRECISION_BITS - 1);
const BYTES_OF_TWO_WEIGHTS: usize = 8;
const BYTES_OF_TWO_PIXELS: usize = 6;

function rounded(upper: v128, lower: v128): v128 {
  const sum = i32x4.add(i32x4.shl(upper, LOWER_BITS), lower);
  return i32x4.shr_s(i32x4.add(sum, i32x4.splat(HALF)), PRECISION_BITS);
}

/**
 * One row of pixels, three bytes each.
 * @param source the row's first byte; up to 5 bytes beyond its last pixel are read
 * @param spans for each output pixel the offset of its first source byte and its number of pairs, 32 bits each
 * @param weights of the first output pixel
 * @param stride bytes from the weights of one output pixel to those of the next one
 * @param target where `count` pixels are written, and one byte more
 */
export function convolveRow(
  source: usize,
  spans: usize,
  weights: usize,
  stride: usize,
  target: usize,
  count: usize,
): void {
  // From r g b r g b to r r g g b b, each widened to 16 bits; -1 gives 0.
  const inPairs = i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  const end = target + 3 * count;
  while (target < end) {
    let from = source + load<usize>(spans);
    let weight = weights;
    const last = weights + load<usize>(spans, 4) * BYTES_OF_TWO_WEIGHTS;
    let upper = i32x4.splat(0);
    let lower = i32x4.splat(0);
    while (weight < last) {
      const pixels = i8x16.swizzle(v128.load64_zero(from), inPairs);
      upper = i32x4.add(upper, i32x4.dot_i16x8_s(pixels, v128.load32_splat(weight)));
      lower = i32x4.add(lower, i32x4.dot_i16x8_s(pixels, v128.load32_splat(weight, 4)));
      weight += BYTES_OF_TWO_WEIGHTS;
      from += BYTES_OF_TWO_PIXELS;
    }
    const words = i16x8.narrow_i32x4_s(rounded(upper, lower), i32x4.splat(0));
    v128.store32_lane(target, i8x16.narrow_i16x8_u(words, words), 0);
    target += 3;
    spans += 8;
    weights += stride;
  }
}

/**
 * Rows of bytes, added up.
 * @param rows addresses of the source rows, 32 bits each, two for each pair
 * @param weights of the first pair
 * @param pairs how many
 * @param target where `length` bytes are written
 * @param length rounded up to 16, as what is read of each row
 */
export function addRows(rows: usize, weights: usize, pairs: usize, target: usize, length: usize): void {
  const zero = i32x4.splat(0);
  const last = weights + pairs * BYTES_OF_TWO_WEIGHTS;
  for (let x: usize = 0; x < length; x += 16) {
    let upper0 = zero;
    let upper1 = zero;
    let upper2 = zero;
    let upper3 = zero;
    let lower0 = zero;
    let lower1 = zero;
    let lower2 = zero;
    let lower3 = zero;
    let row = rows;
    for (let weight = weights; weight < last; weight += BYTES_OF_TWO_WEIGHTS) {
      const a = v128.load(load<usize>(row) + x);
      const b = v128.load(load<usize>(row, 4) + x);
      const upper = v128.load32_splat(weight);
      const lower = v128.load32_splat(weight, 4);
      const front = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const back = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      const bytes0 = i16x8.extend_low_i8x16_u(front);
      const bytes1 = i16x8.extend_high_i8x16_u(front);
      const bytes2 = i16x8.extend_low_i8x16_u(back);
      const bytes3 = i16x8.extend_high_i8x16_u(back);
      upper0 = i32x4.add(upper0, i32x4.dot_i16x8_s(bytes0, upper));
      lower0 = i32x4.add(lower0, i32x4.dot_i16x8_s(bytes0, lower));
      upper1 = i32x4.add(upper1, i32x4.dot_i16x8_s(bytes1, upper));
      lower1 = i32x4.add(lower1, i32x4.dot_i16x8_s(bytes1, lower));
      upper2 = i32x4.add(upper2, i32x4.dot_i16x8_s(bytes2, upper));
      lower2 = i32x4.add(lower2, i32x4.dot_i16x8_s(bytes2, lower));
      upper3 = i32x4.add(upper3, i32x4.dot_i16x8_s(bytes3, upper));
      lower3 = i32x4.add(lower3, i32x4.dot_i16x8_s(bytes3, lower));
      row += 8;
    }
    const front = i16x8.narrow_i32x4_s(rounded(upper0, lower0), rounded(upper1, lower1));
    const back = i16x8.narrow_i32x4_s(rounded(upper2, lower2), rounded(upper3, lower3));
    v128.store(target + x, i8x16.narrow_i16x8_u(front, back));
  }
}
