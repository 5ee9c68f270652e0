import type { ImageHeader } from './image-header';

const VP8 = 0x56503820;
const VP8L = 0x5650384c;
const VP8X = 0x56503858;
const ANIMATION = 0x02;

/**
 * The first chunk says the size of the canvas, and what an image in one chunk is; of an extended file the bitstream comes later,
 * and may be of either kind (RFC 9649, 2.5 to 2.7, RFC 6386, 9.1).
 */
export function readWebp(view: DataView): ImageHeader | undefined {
  switch (view.getUint32(12)) {
    case VP8:
      return {
        kind: 'lossy WebP',
        width: view.getUint16(26, true) & 0x3fff,
        height: view.getUint16(28, true) & 0x3fff,
      };
    case VP8L:
      return { kind: 'lossless WebP', ...losslessSize(view, 20) };
    case VP8X:
      return readExtended(view);
    default:
      return undefined;
  }
}

function readExtended(view: DataView): ImageHeader {
  const canvas = { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) };
  if ((view.getUint8(20) & ANIMATION) !== 0) return { kind: 'animated WebP', ...canvas };
  for (let at = 30; ; at += 8 + view.getUint32(at + 4, true) + (view.getUint32(at + 4, true) & 1)) {
    const name = view.getUint32(at);
    if (name === VP8) return { kind: 'lossy WebP', ...canvas };
    if (name === VP8L) return { kind: 'lossless WebP', ...canvas };
  }
}

/** @param at of the signature byte */
function losslessSize(view: DataView, at: number): { width: number; height: number } {
  const bits = view.getUint32(at + 1, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
}
