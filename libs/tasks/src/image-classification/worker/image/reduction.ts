import type { InputSpec } from '../../spec';
import { resizedSize, type Size } from './geometry';

/** Up to here every pixel is kept, and the tensor is Pillow's to the bit. */
const KEEP_WHOLE_UP_TO = 2 ** 20;

/**
 * By how much an image may be shrunk if the model's resize makes it at least `from` times smaller anyway. Powers of two are
 * what a JPEG decoder can leave out; the more is shrunk, the more must be left for the resize to hide it (measured, see
 * training/parity).
 */
const STEPS = [
  { by: 8, from: 64 },
  { by: 4, from: 20 },
  { by: 2, from: 7 },
] as const;

/**
 * By how much an image is to be shrunk while it is decoded. All the detail of a 12-megapixel photograph would cost half as
 * much CPU again and 36 MB instead of 9, to move the tensor by a fifth of a step of 255 on average.
 */
export function reductionOf(image: Size, input: InputSpec): 1 | 2 | 4 | 8 {
  // `nearest` picks single pixels: none may be changed.
  if (image.width * image.height <= KEEP_WHOLE_UP_TO || input.resize.kernel === 'nearest') return 1;
  const resized = resizedSize(image, input);
  const shrink = Math.min(image.width / resized.width, image.height / resized.height);
  return STEPS.find(({ from }) => shrink >= from)?.by ?? 1;
}
