import type { ImageHeader, ImageKind } from './image-header';

const IDAT = 0x49444154;
const TRNS = 0x74524e53;
const PALETTE = 3;
const ALPHA = 4;

/** The image header chunk, PNG specification 11.2.2. Of an animated PNG, which the header does not name, the default image counts. */
export function readPng(view: DataView): ImageHeader {
  return { kind: kindOf(view), width: view.getUint32(16), height: view.getUint32(20) };
}

function kindOf(view: DataView): ImageKind {
  const is16Bit = view.getUint8(24) === 16;
  if (view.getUint8(28) !== 0) return is16Bit ? 'interlaced 16-bit PNG' : 'interlaced PNG';
  if (is16Bit) return '16-bit PNG';
  const colour = view.getUint8(25);
  if (colour === PALETTE) return 'PNG with a palette';
  return (colour & ALPHA) !== 0 || hasTransparentColour(view) ? 'PNG with alpha' : 'PNG';
}

/** Chunks as in 5.3: length of the contents, name, contents, checksum. */
function hasTransparentColour(view: DataView): boolean {
  for (let at = 33; ; at += 12 + view.getUint32(at)) {
    const name = view.getUint32(at + 4);
    if (name === TRNS) return true;
    if (name === IDAT) return false;
  }
}
