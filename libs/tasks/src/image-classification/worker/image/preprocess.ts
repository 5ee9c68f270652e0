import type { InputSpec } from '../../spec';
import { planGeometry, type Plan } from './geometry';
import type { Pixels } from './pixels';
import { resample } from './resample';
import { fillTensor, type TensorData } from './tensor';

/**
 * Makes one image into one row of the model's input: resized, cropped, normalised, laid out.
 *
 * @param target the batch's tensor, of the input's type; float16 as its bits
 * @param offset the element at which this image's elements begin, channels * height * width of them
 * @throws EyrieError INVALID_IMAGE when the model crops nothing and the image has another shape than its input
 */
export function preprocess(pixels: Pixels, input: InputSpec, target: TensorData, offset: number): void {
  const plan = planGeometry(pixels.reducedFrom ?? pixels, input);
  const window = resample(pixels, plan.resized, plan.window, input.resize.kernel);
  fillTensor(onCanvas(window, plan, input), input, target, offset);
}

/** What is padded gets the model's colour; what is cropped from less than there is gets black, as in torchvision. */
function onCanvas(window: Uint8Array, { window: { width, height }, place }: Plan, input: InputSpec): Uint8Array {
  if (width === input.width && height === input.height) return window;
  const canvas = new Uint8Array(input.width * input.height * 3);
  const { color } = input.resize;
  if (color) for (let at = 0; at < canvas.length; at++) canvas[at] = color[at % 3]!;
  for (let y = 0; y < height; y++) {
    const row = window.subarray(y * width * 3, (y + 1) * width * 3);
    canvas.set(row, ((place.top + y) * input.width + place.left) * 3);
  }
  return canvas;
}
