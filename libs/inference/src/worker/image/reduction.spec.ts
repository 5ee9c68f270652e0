import { pixelInput } from './input.fixture';
import { reductionOf } from './reduction';

describe('reductionOf', () => {
  it.each([
    [{ width: 640, height: 425 }, 1],
    [{ width: 1024, height: 1024 }, 1],
    [{ width: 1600, height: 1200 }, 1],
    [{ width: 4032, height: 3024 }, 2],
    [{ width: 6000, height: 4000 }, 4],
    [{ width: 9000, height: 7000 }, 8],
    [{ width: 1_000_000, height: 50 }, 1],
  ])('leaves three times the detail that a resize to 256 needs: %p', (image, reduction) => {
    expect(reductionOf(image, pixelInput())).toBe(reduction);
  });

  it('keeps every pixel for the nearest kernel', () => {
    const input = pixelInput({ resize: { mode: 'exact', kernel: 'nearest' } });
    expect(reductionOf({ width: 9000, height: 7000 }, input)).toBe(1);
  });
});
