import { pixelInput } from './input.fixture';
import { reductionOf } from './reduction';

describe('reductionOf', () => {
  it.each([
    [{ width: 640, height: 425 }, 1],
    [{ width: 1024, height: 1024 }, 1],
    [{ width: 1600, height: 1200 }, 1],
    [{ width: 4032, height: 3024 }, 2],
    [{ width: 8000, height: 6000 }, 4],
    [{ width: 20_000, height: 16_384 }, 8],
    [{ width: 1_000_000, height: 50 }, 1],
  ])('shrinks before a resize to 256 only what it makes much smaller still: %p', (image, reduction) => {
    expect(reductionOf(image, pixelInput())).toBe(reduction);
  });

  it('keeps every pixel for the nearest kernel', () => {
    const input = pixelInput({ resize: { mode: 'exact', kernel: 'nearest' } });
    expect(reductionOf({ width: 20_000, height: 20_000 }, input)).toBe(1);
  });
});
