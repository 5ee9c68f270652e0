import { randomBytes } from 'node:crypto';
import type { ResizeKernel } from '../../spec';
import type { Pixels } from './pixels';
import { resample } from './resample';

const KERNELS: ResizeKernel[] = ['bilinear', 'bicubic', 'nearest', 'lanczos'];

function noise(width: number, height: number): Pixels {
  return { data: randomBytes(width * height * 3), width, height };
}

function whole(width: number, height: number): { left: number; top: number; width: number; height: number } {
  return { left: 0, top: 0, width, height };
}

/** `toEqual` takes seconds for a large array. */
function sameBytes(a: ArrayLike<number>, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b);
}

// That the values are Pillow's is what parity.spec.ts shows.
describe.each(KERNELS)('resample, %s', (kernel) => {
  it('changes nothing at the same size', () => {
    const image = noise(31, 17);
    expect(sameBytes(resample(image, image, whole(31, 17), kernel), image.data)).toBe(true);
  });

  it.each([
    [400, 300],
    [37, 1],
    [5, 90],
  ])('keeps an even colour even at %d x %d', (width, height) => {
    const image = { data: Buffer.alloc(50 * 40 * 3, Buffer.from([10, 128, 255])), width: 50, height: 40 };
    const resized = resample(image, { width, height }, whole(width, height), kernel);
    expect(sameBytes(resized, Buffer.alloc(width * height * 3, Buffer.from([10, 128, 255])))).toBe(true);
  });

  it.each([
    ['smaller', { width: 23, height: 29 }],
    ['larger', { width: 211, height: 160 }],
  ])('computes a window as if it were cut out of the whole, %s', (_, size) => {
    const image = noise(97, 61);
    const all = Buffer.from(resample(image, size, whole(size.width, size.height), kernel));
    const window = { left: 5, top: 7, width: 11, height: 13 };
    const rows = Array.from({ length: window.height }, (_row, y) => {
      const start = ((window.top + y) * size.width + window.left) * 3;
      return all.subarray(start, start + window.width * 3);
    });
    expect(sameBytes(resample(image, size, window, kernel), Buffer.concat(rows))).toBe(true);
  });

  it.each([
    [1, 60_000],
    [60_000, 1],
  ])('takes the middle of %d x %d pixels without making the rest', (width, height) => {
    const resized = { width: Math.trunc((256 * width) / Math.min(width, height)), height: 256 * height };
    if (width > height) resized.height = 256;
    const window = { left: (resized.width - 224) / 2, top: (resized.height - 224) / 2, width: 224, height: 224 };
    const before = process.memoryUsage();
    const result = resample(noise(width, height), resized, window, kernel);
    expect(result).toHaveLength(224 * 224 * 3);
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(8e6);
  });
});

it('squeezes a very long image without keeping what lies between the passes', () => {
  const image = noise(1, 60_000);
  const before = process.memoryUsage().arrayBuffers;
  expect(resample(image, { width: 224, height: 224 }, whole(224, 224), 'bilinear')).toHaveLength(224 * 224 * 3);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8e6);
});
