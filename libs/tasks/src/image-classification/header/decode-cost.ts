import type { Preparation } from '#core';
import { sniffFormat } from './format';
import type { ImageHeader, ImageKind } from './image-header';
import { readImageHeader } from './read-header';

/** Nanoseconds of one CPU, and bytes of memory. */
interface Rates {
  perPixel: number;
  perByte: number;
  memoryPerPixel: number;
}

/**
 * Measured with sharp 0.35 on one core at 2.8 GHz, with photographs of 1 to 24 megapixels and with images of 49 megapixels in as
 * few bytes as their format allows: what comes of the pixels and what of the bytes (docs/PERFORMANCE.md has the figures).
 */
const RATES: Readonly<Record<ImageKind, Rates>> = {
  'baseline JPEG': { perPixel: 3.2, perByte: 36, memoryPerPixel: 1 },
  'progressive JPEG': { perPixel: 0, perByte: 68, memoryPerPixel: 1 },
  'arithmetic-coded JPEG': { perPixel: 20, perByte: 200, memoryPerPixel: 1 },
  'CMYK JPEG': { perPixel: 46, perByte: 10, memoryPerPixel: 7 },
  PNG: { perPixel: 10, perByte: 7, memoryPerPixel: 1 },
  'PNG with alpha': { perPixel: 20, perByte: 7, memoryPerPixel: 4 },
  'PNG with a palette': { perPixel: 12, perByte: 7, memoryPerPixel: 4 },
  'interlaced PNG': { perPixel: 36, perByte: 7, memoryPerPixel: 5 },
  'interlaced 16-bit PNG': { perPixel: 64, perByte: 7, memoryPerPixel: 11 },
  '16-bit PNG': { perPixel: 32, perByte: 7, memoryPerPixel: 8 },
  'lossy WebP': { perPixel: 25, perByte: 150, memoryPerPixel: 8 },
  'lossless WebP': { perPixel: 28, perByte: 20, memoryPerPixel: 8 },
  'animated WebP': { perPixel: 40, perByte: 150, memoryPerPixel: 12 },
  GIF: { perPixel: 40, perByte: 30, memoryPerPixel: 8 },
};

/** To keep the coefficients of a sample until the last scan, and to make pixels of them then. */
const PER_BUFFERED_SAMPLE = { ns: 5, bytes: 2 };
/** Of a sample that a scan goes over, even where it changes nothing; an arithmetic decoder decides something for each. */
const NS_PER_VISIT = 0.45;
const NS_PER_ARITHMETIC_VISIT = 20;

/** What decoding an image takes, by its header and its bytes; undefined where the decoder will refuse it at once. */
export function decodeCost(bytes: Uint8Array): Preparation | undefined {
  const { format } = sniffFormat(bytes);
  const header = format === null ? undefined : readImageHeader(format, bytes);
  return header && costOf(header, bytes.length);
}

function costOf({ kind, width, height, scans }: ImageHeader, length: number): Preparation {
  const pixels = width * height;
  const rates = RATES[kind];
  let ns = pixels * rates.perPixel + length * rates.perByte;
  let bytes = pixels * rates.memoryPerPixel;
  if (scans) {
    const perVisit = kind === 'arithmetic-coded JPEG' ? NS_PER_ARITHMETIC_VISIT : NS_PER_VISIT;
    ns += scans.samples * PER_BUFFERED_SAMPLE.ns + scans.visited * perVisit;
    bytes += scans.samples * PER_BUFFERED_SAMPLE.bytes;
  }
  const inScans = scans && scans.count > 1 ? ` in ${scans.count} scans` : '';
  return { ms: ns / 1e6, bytes, subject: `${kind} of ${width} x ${height} pixels${inScans}` };
}
