export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif';

/** What the first bytes say: a format that we decode, or the name of what came instead, with its article, and what to do. */
export type Sniffed = { format: ImageFormat } | { format: null; found: string; remedy?: string };

const HEIC = 'a HEIC image, as iPhones save photos';
const MAKE_JPEG =
  'Make a JPEG of it (on a Mac: sips -s format jpeg photo.heic --out photo.jpg; on Linux: heif-convert photo.heic ' +
  'photo.jpg), or have the iPhone take JPEGs: Settings, Camera, Formats, Most Compatible.';

/**
 * Goes by the content alone: names and content types are the caller's word, and a decoder must never be chosen by them.
 */
export function sniffFormat(bytes: Uint8Array): Sniffed {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return { format: 'jpeg' };
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return { format: 'png' };
  if (hasText(bytes, 'RIFF') && hasText(bytes, 'WEBP', 8)) return { format: 'webp' };
  if (hasText(bytes, 'GIF87a') || hasText(bytes, 'GIF89a')) return { format: 'gif' };
  const found = nameOther(bytes);
  return { format: null, found, ...(found === HEIC && { remedy: MAKE_JPEG }) };
}

/** ISO/IEC 23008-12, annex B, and the AV1 Image File Format, section 6; the former two say nothing of the codec. */
const ISO_BRANDS: Readonly<Record<string, string>> = {
  mif1: 'a HEIF image',
  msf1: 'a HEIF image',
  avif: 'an AVIF image',
  avis: 'an AVIF image',
  ...Object.fromEntries(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'].map((brand) => [brand, HEIC])),
};

/** By the first of its brands, the major one before the compatible ones, that names the codec. */
function nameIsoFile(bytes: Uint8Array): string {
  const end = Math.min(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0), bytes.length, 512);
  const brands = [ascii(bytes, 8, 4)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(ascii(bytes, at, 4));
  const names = brands.map((brand) => ISO_BRANDS[brand]).filter((name) => name !== undefined);
  return names.find((name) => name !== ISO_BRANDS.mif1) ?? names[0] ?? 'a video (MP4 or QuickTime)';
}

function nameOther(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'nothing (0 bytes)';
  if (hasText(bytes, 'ftyp', 4)) return nameIsoFile(bytes);
  if (hasText(bytes, '%PDF-')) return 'a PDF document';
  if (startsWith(bytes, [0x49, 0x49, 0x2a, 0]) || startsWith(bytes, [0x4d, 0x4d, 0, 0x2a])) return 'a TIFF image';
  if (startsWith(bytes, [0x49, 0x49, 0x2b, 0]) || startsWith(bytes, [0x4d, 0x4d, 0, 0x2b])) return 'a BigTIFF image';
  if (hasText(bytes, 'BM')) return 'a BMP image';
  if (startsWith(bytes, [0, 0, 1, 0])) return 'an ICO image';
  if (hasText(bytes, '8BPS')) return 'a Photoshop document';
  if (startsWith(bytes, [0xff, 0x0a]) || hasText(bytes, 'JXL ', 4)) return 'a JPEG XL image';
  if (startsWith(bytes, [0xff, 0x4f, 0xff, 0x51]) || hasText(bytes, 'jP  ', 4)) return 'a JPEG 2000 image';
  if (/^P[1-7]\s/.test(ascii(bytes, 0, 3))) return 'a Netpbm image';
  if (startsWith(bytes, [0x50, 0x4b, 3, 4])) return 'a ZIP archive';
  if (startsWith(bytes, [0x1f, 0x8b])) return 'gzip-compressed data';
  return nameText(ascii(bytes, 0, 512)) ?? 'data in no known image format';
}

function nameText(head: string): string | undefined {
  const text = head.replace(/^\u00ef\u00bb\u00bf/, '').trimStart();
  if (/<svg[\s>]/i.test(text)) return 'an SVG drawing';
  if (/^<(!doctype html|html|head|body)/i.test(text)) return 'an HTML page';
  if (/^<\?xml/i.test(text)) return 'an XML document';
  if (/^data:image\//i.test(text)) return 'a data: URI as text';
  if (/^(\/9j\/|iVBORw0KGgo|UklGR|R0lGOD)/.test(text)) return 'a base64-encoded image';
  if (/^[{[]/.test(text) && isPrintable(text)) return 'JSON text';
  return isPrintable(text) ? 'text' : undefined;
}

/** Plain ASCII: what lies beyond could be anything. */
function isPrintable(text: string): boolean {
  return /^[\t\n\r\x20-\x7e]*$/.test(text);
}

function ascii(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

function hasText(bytes: Uint8Array, text: string, offset = 0): boolean {
  return ascii(bytes, offset, text.length) === text;
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}
