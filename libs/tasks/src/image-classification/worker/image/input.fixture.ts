import type { InputSpec } from '../../spec';

/** An input that takes the pixels as they are; a test changes what it is about. */
export function pixelInput(changes: Partial<InputSpec> = {}): InputSpec {
  return {
    name: 'input',
    layout: 'NHWC',
    dtype: 'uint8',
    width: 224,
    height: 224,
    channels: 'RGB',
    resize: { mode: 'shorter-side', size: 256, kernel: 'bilinear' },
    crop: 'center',
    scale: 1,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    ...changes,
  };
}
