import type { ImageHeader } from './image-header';

const IMAGE = 0x2c;
const EXTENSION = 0x21;
/** Blocks have up to 255 bytes; a file that goes on in far smaller ones is not followed to its end. */
const MIN_BLOCKS = 10_000;
const BYTES_PER_BLOCK = 8;
const MAX_SIDE = 65_535;

/** The canvas of all frames: any of them may reach beyond the screen (GIF89a, sections 18 and 20). */
export function readGif(view: DataView): ImageHeader {
  let width = view.getUint16(6, true);
  let height = view.getUint16(8, true);
  let at = 13 + paletteBytes(view.getUint8(10));
  let blocks = MIN_BLOCKS + view.byteLength / BYTES_PER_BLOCK;
  while (blocks > 0 && at + 10 <= view.byteLength) {
    const block = view.getUint8(at);
    if (block === IMAGE) {
      width = Math.max(width, view.getUint16(at + 1, true) + view.getUint16(at + 5, true));
      height = Math.max(height, view.getUint16(at + 3, true) + view.getUint16(at + 7, true));
      at += 11 + paletteBytes(view.getUint8(at + 9));
    } else if (block === EXTENSION) {
      at += 2;
    } else {
      break;
    }
    for (let size = sizeAt(view, at); size !== 0 && --blocks > 0; size = sizeAt(view, at)) at += size + 1;
    at++;
  }
  return { kind: 'GIF', width: Math.min(width, MAX_SIDE), height: Math.min(height, MAX_SIDE) };
}

/** Of a sub-block; none where the file ends. */
function sizeAt(view: DataView, at: number): number {
  return at < view.byteLength ? view.getUint8(at) : 0;
}

function paletteBytes(packed: number): number {
  return (packed & 0x80) !== 0 ? 3 * 2 ** ((packed & 7) + 1) : 0;
}
