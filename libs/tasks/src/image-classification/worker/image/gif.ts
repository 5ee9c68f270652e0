import type { Region } from './geometry';

/** What is needed of a GIF's first frame to fill the pixels that it leaves open. */
export interface FirstFrame {
  /** On the canvas; it may be smaller. */
  frame: Region;
  /** The colour that the palette has for the transparent index, or for index 0 where there is none. */
  backdrop: readonly [number, number, number];
}

const IMAGE = 0x2c;
const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;

/**
 * Transparent pixels of a GIF have a colour: its palette's, at the transparent index. libvips gives black for them; Pillow,
 * which models are trained with, gives that colour, and it is what remains when alpha is dropped.
 *
 * The format: https://www.w3.org/Graphics/GIF/spec-gif89a.txt
 */
export function readFirstFrame(gif: Uint8Array): FirstFrame | undefined {
  const view = new DataView(gif.buffer, gif.byteOffset, gif.byteLength);
  try {
    let at = 13;
    let palette = 13;
    const hasGlobalPalette = (gif[10]! & 0x80) !== 0;
    if (hasGlobalPalette) at += paletteBytes(gif[10]!);
    let transparent = 0;
    for (;;) {
      const block = view.getUint8(at);
      if (block === EXTENSION) {
        const isControl = view.getUint8(at + 1) === GRAPHIC_CONTROL;
        if (isControl) transparent = (view.getUint8(at + 3) & 1) === 1 ? view.getUint8(at + 6) : 0;
        at = skipSubBlocks(view, at + 2);
      } else if (block === IMAGE) {
        const packed = view.getUint8(at + 9);
        const hasLocalPalette = (packed & 0x80) !== 0;
        if (hasLocalPalette) palette = at + 10;
        if (!hasLocalPalette && !hasGlobalPalette) return undefined;
        const frame = {
          left: view.getUint16(at + 1, true),
          top: view.getUint16(at + 3, true),
          width: view.getUint16(at + 5, true),
          height: view.getUint16(at + 7, true),
        };
        const colour = palette + 3 * transparent;
        return { frame, backdrop: [view.getUint8(colour), view.getUint8(colour + 1), view.getUint8(colour + 2)] };
      } else {
        return undefined;
      }
    }
  } catch (error) {
    // A read past the end: what is wrong with the file is the decoder's to say.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function paletteBytes(packed: number): number {
  return 3 * 2 ** ((packed & 7) + 1);
}

function skipSubBlocks(view: DataView, from: number): number {
  let at = from;
  for (let size = view.getUint8(at); size !== 0; size = view.getUint8(at)) at += size + 1;
  return at + 1;
}
