import type { ImageFormat } from '../../header/format';
import type { Size } from './geometry';

/**
 * The size of an image whose header says nothing else that matters: 8 bits a channel, grey or RGB, no alpha and no EXIF data
 * that might turn it. That is most images, and libvips takes a quarter of a millisecond to say it.
 * @returns undefined when libvips has to be asked: anything else, and everything that looks odd
 */
export function readPlainHeader(format: ImageFormat, bytes: Uint8Array): Size | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (format === 'jpeg') return readJpeg(view);
    if (format === 'png') return readPng(view);
  } catch (error) {
    // A DataView throws it where the bytes end.
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

const START_OF_SCAN = 0xda;
const APP1 = 0xe1;
/** Baseline, extended and progressive, all with Huffman codes (ITU-T T.81, table B.1). */
const START_OF_FRAME = [0xc0, 0xc1, 0xc2];

/** Segments as in ITU-T T.81, B.1.1.4: 0xff, marker, length with itself, contents. */
function readJpeg(view: DataView): Size | undefined {
  let size: Size | undefined;
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === START_OF_SCAN) return size;
    // A segment without length, or padding, or EXIF or XMP.
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8) || marker === 0xff || marker === APP1) return undefined;
    if (!START_OF_FRAME.includes(marker)) continue;
    const bits = view.getUint8(at + 4);
    const components = view.getUint8(at + 9);
    if (size || bits !== 8 || (components !== 1 && components !== 3)) return undefined;
    size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    if (size.width === 0 || size.height === 0) return undefined;
  }
}

const IHDR = 0x49484452;
const IDAT = 0x49444154;
/** Those that come before the pixels and change neither their number nor their meaning. */
const HARMLESS_CHUNKS = ['pHYs', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'tEXt', 'zTXt', 'iTXt', 'tIME', 'bKGD', 'sBIT'].map(
  (name) => new DataView(Uint8Array.from(name, (letter) => letter.charCodeAt(0)).buffer).getUint32(0),
);
const GREY = 0;
const RGB = 2;

/** Chunks as in the PNG specification, 5.3: length of the contents, name, contents, checksum. */
function readPng(view: DataView): Size | undefined {
  const colour = view.getUint8(25);
  const plain = view.getUint32(12) === IHDR && view.getUint8(24) === 8 && (colour === GREY || colour === RGB);
  if (!plain) return undefined;
  for (let at = 33; ; at += 12 + view.getUint32(at)) {
    const name = view.getUint32(at + 4);
    if (name === IDAT) return { width: view.getUint32(16), height: view.getUint32(20) };
    if (!HARMLESS_CHUNKS.includes(name)) return undefined;
  }
}
