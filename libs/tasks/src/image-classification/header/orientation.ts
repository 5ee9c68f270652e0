import { inflateSync } from 'node:zlib';
import { orientationOfExif, orientationOfProfile, orientationOfXmp } from './exif';
import type { ImageFormat } from './format';

/** What the parts of a file say, as far as they have been found. */
interface Found {
  exif?: number;
  /** EXIF data as text, which PNG files had before there was a chunk for it. */
  profile?: number;
  xmp?: number;
}

/**
 * How an image is to be turned before it is looked at: 1 as it is, 2 to 8 as EXIF numbers the mirrorings and quarter turns. It is
 * taken from where Pillow's `exif_transpose` takes it: the EXIF data of a JPEG, PNG or WebP, wherever in the file they stand; in a
 * PNG without them the text "Raw profile type exif"; where none of these say anything, XMP's `tiff:Orientation`.
 */
export function readOrientation(format: ImageFormat, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Found = {};
  try {
    if (format === 'jpeg') readJpeg(bytes, view, found);
    if (format === 'png') readPng(bytes, view, found);
    if (format === 'webp') readWebp(bytes, view, found);
  } catch (error) {
    // The file ends here; what was found until then counts.
    if (!(error instanceof RangeError)) throw error;
  }
  const orientation = found.exif ?? found.profile ?? found.xmp ?? 1;
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

const EXIF = 'Exif\0\0';
const XMP_OF_JPEG = 'http://ns.adobe.com/xap/1.0/\0';

/** Segments up to the first scan; of several with EXIF that say something the first one counts, of several with XMP the last. */
function readJpeg(bytes: Uint8Array, view: DataView, found: Found): void {
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    while (view.getUint8(at) !== 0xff) at++;
    while (view.getUint8(at + 1) === 0xff) at++;
    const marker = view.getUint8(at + 1);
    if (marker === 0xda || marker === 0xd9) return;
    if (marker !== 0xe1) continue;
    const content = bytes.subarray(at + 4, at + 2 + view.getUint16(at + 2));
    if (startsWith(content, EXIF)) found.exif ??= orientationOfExif(withoutPrefix(content));
    else if (startsWith(content, XMP_OF_JPEG)) found.xmp = orientationOfXmp(content) ?? found.xmp;
  }
}

const EXIF_PROFILE = 'Raw profile type exif\0';
const XMP_OF_PNG = 'XML:com.adobe.xmp\0';

/** Chunks before and after the pixels; of several the last one counts. */
function readPng(bytes: Uint8Array, view: DataView, found: Found): void {
  const texts = new CompressedTexts();
  for (let at = 8; ; at += 12 + view.getUint32(at)) {
    const name = ascii(bytes, at + 4, 4);
    if (name === 'IEND') return;
    if (name !== 'eXIf' && name !== 'tEXt' && name !== 'zTXt' && name !== 'iTXt') continue;
    const content = bytes.subarray(at + 8, at + 8 + view.getUint32(at));
    if (name === 'eXIf') {
      found.exif = orientationOfExif(withoutPrefix(content)) ?? found.exif;
    } else if (startsWith(content, EXIF_PROFILE)) {
      const text = texts.read(name, content.subarray(EXIF_PROFILE.length));
      found.profile = (text && orientationOfProfile(text)) ?? found.profile;
    } else if (startsWith(content, XMP_OF_PNG)) {
      const text = texts.read(name, content.subarray(XMP_OF_PNG.length));
      found.xmp = (text && orientationOfXmp(text)) ?? found.xmp;
    }
  }
}

/** Bytes that the compressed texts of a file may have together, and how many there may be: what is more is not looked at. */
const MOST_TEXT = 1024 * 1024;
const MOST_TEXTS = 16;

/** Texts of one PNG. However many a file has, and whatever they unfold to, reading them takes some milliseconds. */
class CompressedTexts {
  private bytesLeft = MOST_TEXT;
  private textsLeft = MOST_TEXTS;

  /** Of a chunk, behind its keyword: PNG specification, 11.3.3. */
  read(name: string, content: Uint8Array): Uint8Array | undefined {
    if (name === 'tEXt') return content;
    if (name === 'zTXt') return this.inflated(content.subarray(1));
    const isCompressed = content[0] === 1;
    // Behind flag and method: the language and the translated keyword, each ended by a zero.
    const text = content.subarray(content.indexOf(0, content.indexOf(0, 2) + 1) + 1);
    return isCompressed ? this.inflated(text) : text;
  }

  private inflated(bytes: Uint8Array): Uint8Array | undefined {
    if (this.bytesLeft === 0 || --this.textsLeft < 0) return undefined;
    try {
      const text = inflateSync(bytes, { maxOutputLength: this.bytesLeft });
      this.bytesLeft -= text.length;
      return text;
    } catch (error) {
      // Not what it says; or far more than such text has, and then no other is looked at.
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') this.bytesLeft = 0;
      return undefined;
    }
  }
}

const EXIF_FLAG = 0x08;
const XMP_FLAG = 0x04;

/** Only an extended file has metadata, and only those that its flags announce (RFC 9649, 2.7). */
function readWebp(bytes: Uint8Array, view: DataView, found: Found): void {
  if (ascii(bytes, 12, 4) !== 'VP8X') return;
  const flags = view.getUint8(20);
  if ((flags & (EXIF_FLAG | XMP_FLAG)) === 0) return;
  for (let at = 30; ;) {
    const name = ascii(bytes, at, 4);
    const length = view.getUint32(at + 4, true);
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (name === 'EXIF' && (flags & EXIF_FLAG) !== 0) {
      found.exif ??= orientationOfExif(withoutPrefix(content));
    }
    if (name === 'XMP ' && (flags & XMP_FLAG) !== 0) found.xmp ??= orientationOfXmp(content);
    at += 8 + length + (length & 1);
  }
}

/** Some programs put it there where it does not belong, or twice. */
function withoutPrefix(content: Uint8Array): Uint8Array {
  let at = 0;
  while (ascii(content, at, EXIF.length) === EXIF) at += EXIF.length;
  return content.subarray(at);
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return ascii(bytes, 0, text.length) === text;
}

function ascii(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}
