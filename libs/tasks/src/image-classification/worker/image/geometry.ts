import { EyrieError } from '#core';
import type { InputSpec } from '../../spec';
import { roundHalfEven } from '../../../rounding';

export interface Size {
  width: number;
  height: number;
}

export interface Region extends Size {
  left: number;
  top: number;
}

/** How an image of a given size gets onto the model's input: resized, the `window` cut out, and set down at `place`. */
export interface Plan {
  /** The whole image, resized. It may be far too large to be made: only `window` of it is ever computed. */
  resized: Size;
  /** In pixels of `resized`. */
  window: Region;
  /** Where the window's top left corner lies on the input; what it does not cover is of one colour. */
  place: { left: number; top: number };
}

/**
 * The rules, roundings included, are those of torchvision's `Resize` and `CenterCrop` on a PIL image (`shorter-side`,
 * `exact`, `center`) and of Pillow's `ImageOps.pad` (`pad`).
 */
export function planGeometry(image: Size, input: InputSpec): Plan {
  const resized = resizedSize(image, input);
  // torchvision pads with (want - have) // 2 on the left before it crops, ImageOps.pad rounds: they part at halves.
  const padding = input.resize.mode === 'pad' ? roundHalfEven : Math.floor;
  const x = placeAxis(resized.width, input.width, padding);
  const y = placeAxis(resized.height, input.height, padding);
  if (input.crop === 'none' && input.resize.mode === 'shorter-side' && !sameSize(resized, input)) {
    throw new EyrieError(
      'INVALID_IMAGE',
      `The image is ${image.width} x ${image.height} pixels and this model, which takes ${input.width} x ${input.height}, ` +
        `crops nothing: send an image of that shape.`,
    );
  }
  return {
    resized,
    window: { left: x.from, top: y.from, width: x.length, height: y.length },
    place: { left: x.to, top: y.to },
  };
}

export function resizedSize(image: Size, input: InputSpec): Size {
  switch (input.resize.mode) {
    case 'shorter-side':
      return shorterSide(image, input.resize.size as number);
    case 'exact':
      return exactly(input);
    case 'pad':
      return contain(image, input);
  }
}

function exactly({ resize: { size }, width, height }: InputSpec): Size {
  if (size === undefined) return { width, height };
  if (typeof size === 'number') return { width: size, height: size };
  return { width: size[0], height: size[1] };
}

function shorterSide({ width, height }: Size, size: number): Size {
  return width <= height
    ? { width: size, height: Math.trunc((size * height) / width) }
    : { width: Math.trunc((size * width) / height), height: size };
}

/** As `ImageOps.contain`, which `ImageOps.pad` calls. */
function contain(image: Size, box: Size): Size {
  const ratio = image.width / image.height;
  const boxRatio = box.width / box.height;
  if (ratio > boxRatio) {
    return { width: box.width, height: Math.max(1, roundHalfEven((image.height / image.width) * box.width)) };
  }
  if (ratio < boxRatio) {
    return { width: Math.max(1, roundHalfEven((image.width / image.height) * box.height)), height: box.height };
  }
  return { width: box.width, height: box.height };
}

/** One axis: cut the middle out of what is too long, set what is too short down in the middle. */
function placeAxis(
  have: number,
  want: number,
  padding: (half: number) => number,
): { from: number; to: number; length: number } {
  return have >= want
    ? { from: roundHalfEven((have - want) / 2), to: 0, length: want }
    : { from: 0, to: padding((want - have) / 2), length: have };
}

export function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}
