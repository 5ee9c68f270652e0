import type { InputSpec } from '../../model-spec';
import { resizedSize, type Size } from './geometry';

/** Up to here every pixel is kept, and the tensor is Pillow's to the bit. */
const KEEP_WHOLE_UP_TO = 2 ** 20;
/** What is left must still be this many times larger than what the model's resize makes of it. */
const DETAIL = 3;

/**
 * By how much a photograph of many megapixels may be shrunk while it is decoded. Its full detail costs twice the CPU
 * and dozens of megabytes, to move the tensor by less than half a step of 255 on average (see training/parity).
 */
export function reductionOf(image: Size, input: InputSpec): 1 | 2 | 4 | 8 {
  // `nearest` picks single pixels: none may be changed.
  if (image.width * image.height <= KEEP_WHOLE_UP_TO || input.resize.kernel === 'nearest') return 1;
  const resized = resizedSize(image, input);
  const surplus = Math.min(image.width / resized.width, image.height / resized.height) / DETAIL;
  // Powers of two: what a JPEG decoder can leave out.
  return surplus >= 8 ? 8 : surplus >= 4 ? 4 : surplus >= 2 ? 2 : 1;
}
