import { planGeometry } from './geometry';
import { pixelInput } from './input.fixture';

describe('planGeometry', () => {
  it.each([
    [256, { width: 256, height: 256 }, { left: 16, top: 16 }],
    [[320, 240] as const, { width: 320, height: 240 }, { left: 48, top: 8 }],
  ])('resizes to exactly %p and cuts the middle out', (size, resized, corner) => {
    const input = pixelInput({ resize: { mode: 'exact', size, kernel: 'bilinear' } });
    expect(planGeometry({ width: 640, height: 425 }, input)).toEqual({
      resized,
      window: { ...corner, width: 224, height: 224 },
      place: { left: 0, top: 0 },
    });
  });

  // What torchvision gives for Resize(256), CenterCrop(224).
  it.each([
    [
      { width: 640, height: 425 },
      { width: 385, height: 256 },
      { left: 80, top: 16 },
    ],
    [
      { width: 425, height: 640 },
      { width: 256, height: 385 },
      { left: 16, top: 80 },
    ],
    [
      { width: 500, height: 375 },
      { width: 341, height: 256 },
      { left: 58, top: 16 },
    ],
    [
      { width: 100, height: 100 },
      { width: 256, height: 256 },
      { left: 16, top: 16 },
    ],
    [
      { width: 1, height: 30_000 },
      { width: 256, height: 7_680_000 },
      { left: 16, top: 3_839_888 },
    ],
  ])('resizes the shorter side and cuts the middle out of %p', (image, resized, corner) => {
    expect(planGeometry(image, pixelInput())).toEqual({
      resized,
      window: { ...corner, width: 224, height: 224 },
      place: { left: 0, top: 0 },
    });
  });

  it.each([
    // 257 - 224 = 33 and 259 - 224 = 35: halves go to the even number.
    [257, 16],
    [259, 18],
  ])('cuts at the even offset where %d leaves an odd rest', (width, left) => {
    const plan = planGeometry({ width, height: 256 }, pixelInput());
    expect(plan.window.left).toBe(left);
  });

  it('sets an image that is smaller than the crop down in the middle', () => {
    const input = pixelInput({ width: 37, height: 37, resize: { mode: 'shorter-side', size: 20, kernel: 'bilinear' } });
    expect(planGeometry({ width: 40, height: 20 }, input)).toEqual({
      resized: { width: 40, height: 20 },
      window: { left: 2, top: 0, width: 37, height: 20 },
      place: { left: 0, top: 8 },
    });
  });

  it('resizes to exactly the input', () => {
    const input = pixelInput({ resize: { mode: 'exact', kernel: 'bilinear' }, crop: 'none' });
    expect(planGeometry({ width: 10, height: 900 }, input)).toMatchObject({
      resized: { width: 224, height: 224 },
      window: { left: 0, top: 0, width: 224, height: 224 },
    });
  });

  it.each([
    [
      { width: 448, height: 224 },
      { width: 224, height: 112 },
      { left: 0, top: 56 },
    ],
    [
      { width: 224, height: 448 },
      { width: 112, height: 224 },
      { left: 56, top: 0 },
    ],
    [
      { width: 30_000, height: 1 },
      { width: 224, height: 1 },
      { left: 0, top: 112 },
    ],
  ])('fits %p into the input and pads the rest', (image, resized, place) => {
    const input = pixelInput({ resize: { mode: 'pad', kernel: 'bilinear' }, crop: 'none' });
    expect(planGeometry(image, input)).toEqual({ resized, window: { left: 0, top: 0, ...resized }, place });
  });

  it('refuses an image of another shape when nothing is cropped', () => {
    const input = pixelInput({ resize: { mode: 'shorter-side', size: 224, kernel: 'bilinear' }, crop: 'none' });
    expect(planGeometry({ width: 500, height: 500 }, input).resized).toEqual({ width: 224, height: 224 });
    expect(() => planGeometry({ width: 500, height: 400 }, input)).toThrow(
      expect.objectContaining({ code: 'INVALID_IMAGE' }),
    );
  });
});
