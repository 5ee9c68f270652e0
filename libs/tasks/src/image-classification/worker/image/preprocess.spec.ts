import { randomBytes } from 'node:crypto';
import { pixelInput } from './input.fixture';
import { preprocess } from './preprocess';

describe('preprocess', () => {
  it('fills what the image does not cover with black pixels, normalised like all others', () => {
    const input = pixelInput({
      width: 4,
      height: 4,
      layout: 'NCHW',
      dtype: 'float32',
      resize: { mode: 'pad', kernel: 'bilinear' },
      crop: 'none',
      mean: [10, 20, 30],
      std: [2, 2, 2],
    });
    const white = { data: new Uint8Array(8 * 4 * 3).fill(255), width: 8, height: 4 };
    const target = new Float32Array(48);
    preprocess(white, input, target, 0);
    expect([...target.subarray(0, 16)]).toEqual([
      ...Array<number>(4).fill(-5),
      ...Array<number>(8).fill(122.5),
      ...Array<number>(4).fill(-5),
    ]);
    expect(target[16]).toBe(-10);
    expect(target[32]).toBe(-15);
  });

  it('or with the colour that the model was trained with', () => {
    const resize = { mode: 'pad', kernel: 'bilinear', color: [1, 2, 3] } as const;
    const input = pixelInput({ width: 4, height: 4, resize, crop: 'none' });
    const target = new Uint8Array(48);
    preprocess({ data: new Uint8Array(8 * 4 * 3).fill(255), width: 8, height: 4 }, input, target, 0);
    const row = Array<number[]>(4).fill([1, 2, 3]).flat();
    expect([...target.subarray(0, 12), ...target.subarray(36)]).toEqual([...row, ...row]);
    expect(new Set(target.subarray(12, 36))).toEqual(new Set([255]));
  });

  it('writes each image of a batch to its own place', () => {
    const input = pixelInput({ width: 3, height: 2, resize: { mode: 'exact', kernel: 'nearest' }, crop: 'none' });
    const images = Array.from({ length: 4 }, () => ({ data: randomBytes(18), width: 3, height: 2 }));
    const batch = new Uint8Array(4 * 18);
    [2, 0, 3, 1].forEach((i) => preprocess(images[i]!, input, batch, i * 18));
    expect(Buffer.from(batch)).toEqual(Buffer.concat(images.map(({ data }) => data)));
  });

  it('cuts a reduced image where the whole one would have been cut', () => {
    // Half of 1001 x 500: its 501 x 250 alone would be resized to 513 x 256, not 512 x 256.
    const input = pixelInput();
    const reduced = { data: randomBytes(501 * 250 * 3), width: 501, height: 250 };
    const same = new Uint8Array(224 * 224 * 3);
    const other = new Uint8Array(224 * 224 * 3);
    preprocess({ ...reduced, reducedFrom: { width: 1001, height: 500 } }, input, same, 0);
    preprocess(reduced, input, other, 0);
    expect(Buffer.from(same).equals(other)).toBe(false);
  });
});
