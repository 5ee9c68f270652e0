import type { Metadata, OutputInfo, Sharp } from 'sharp';
import { EyrieError } from '#core';
import type { InputSpec } from '../../spec';
import { sniffFormat, type ImageFormat } from '../../header/format';
import { readOrientation } from '../../header/orientation';
import type { Size } from './geometry';
import { readFirstFrame } from './gif';
import { sharp } from './libvips';
import type { Pixels } from './pixels';
import { withoutTexts } from './png-texts';
import { readPlainHeader } from './plain-header';
import { reductionOf } from './reduction';
import { turn } from './turn';

export interface DecodeLimits {
  /** Width times height, by the file's header. */
  maxPixels: number;
}

/** What JPEG and GIF can have at most. A thread of a PNG, a million pixels long, would take seconds to squeeze. */
const MAX_SIDE = 65_535;

const SEND = 'Send a JPEG, PNG, WebP or GIF image.';

/**
 * Decodes as Pillow's `exif_transpose(image).convert('RGB')` does: the first frame, turned as its orientation says, alpha
 * dropped and not blended, colour profiles ignored. Of 16 bits a channel the upper eight remain.
 *
 * @param input what the pixels are for: images far larger than it needs are reduced on the way; all are kept without it
 * @throws EyrieError INVALID_IMAGE: not an image, of another format, truncated or corrupt
 * @throws EyrieError IMAGE_TOO_LARGE: by its header, before any pixel is decoded
 */
export async function decodeImage(file: Uint8Array, limits: DecodeLimits, input?: InputSpec): Promise<Pixels> {
  const sniffed = sniffFormat(file);
  if (sniffed.format === null) {
    throw new EyrieError(
      'INVALID_IMAGE',
      `The body is not an image that can be classified but ${sniffed.found}. ${sniffed.remedy ?? SEND}`,
    );
  }
  const { format } = sniffed;
  const orientation = readOrientation(format, file);
  const bytes = format === 'png' ? withoutTexts(file) : file;
  const plain = orientation === 1 ? readPlainHeader(format, bytes) : undefined;
  if (plain) {
    checkSize(plain, limits);
    return attempt(format, bytes, () => decodeInto(bytes, plain, input));
  }
  if (format === 'png') checkSize(pngSize(bytes), limits);
  const header = await attempt(format, bytes, () => open(bytes).metadata());
  checkSize(header, limits);
  // libvips does not look everywhere: not behind the pixels of a PNG, nor into texts, nor at XMP.
  if ((header.orientation ?? 1) === orientation) {
    return attempt(format, bytes, () => decodePixels(format, bytes, header, input));
  }
  const asStored = { ...header, autoOrient: { width: header.width, height: header.height } };
  return turn(await attempt(format, bytes, () => decodePixels(format, bytes, asStored, input, false)), orientation);
}

function open(bytes: Uint8Array, autoOrient = true): Sharp {
  return sharp(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
    // Strict with files that end early, lenient with the harmless faults that many cameras' files have; so is Pillow.
    failOn: 'truncated',
    ignoreIcc: true,
    autoOrient,
    // `checkSize` does it, and says what the limit is.
    limitInputPixels: false,
  });
}

/** libpng calls sizes of more than a million corrupt; so they are looked at first. */
function pngSize(bytes: Uint8Array): Size {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length < 24 ? { width: 0, height: 0 } : { width: view.getUint32(16), height: view.getUint32(20) };
}

function checkSize({ width, height }: Size, { maxPixels }: DecodeLimits): void {
  if (Math.max(width, height) > MAX_SIDE) {
    throw new EyrieError(
      'IMAGE_TOO_LARGE',
      `The image has ${width} x ${height} pixels; no side may be longer than ${MAX_SIDE}. Send a smaller one.`,
      { bound: 'fixed' },
    );
  }
  if (width * height <= maxPixels) return;
  throw new EyrieError(
    'IMAGE_TOO_LARGE',
    `The image has ${width} x ${height} = ${width * height} pixels; at most ${maxPixels} are taken; send a smaller one`,
    { bound: { setting: 'MAX_IMAGE_PIXELS', value: maxPixels } },
  );
}

async function decodePixels(
  format: ImageFormat,
  bytes: Uint8Array,
  header: Metadata,
  input: InputSpec | undefined,
  autoOrient = true,
): Promise<Pixels> {
  if (header.space === 'cmyk') return decodeCmyk(bytes, autoOrient);
  if (format === 'gif') return decodeGif(bytes);
  // libvips would blend alpha while it shrinks, and 16 bits would be rounded elsewhere.
  if (!header.hasAlpha && header.depth === 'uchar') return decodeInto(bytes, header.autoOrient, input, autoOrient);
  return decodeWhole(bytes, autoOrient);
}

/** An image of 8 bits a channel without alpha, reduced as far as `input` allows. */
function decodeInto(bytes: Uint8Array, size: Size, input: InputSpec | undefined, autoOrient = true): Promise<Pixels> {
  const reduction = input ? reductionOf(size, input) : 1;
  return reduction > 1 ? decodeReduced(bytes, size, reduction, autoOrient) : decodeWhole(bytes, autoOrient);
}

async function decodeWhole(bytes: Uint8Array, autoOrient: boolean): Promise<Pixels> {
  return toPixels(await open(bytes, autoOrient).removeAlpha().raw().toBuffer({ resolveWithObject: true }));
}

async function decodeReduced(bytes: Uint8Array, size: Size, reduction: number, autoOrient: boolean): Promise<Pixels> {
  const smaller = { width: Math.ceil(size.width / reduction), height: Math.ceil(size.height / reduction) };
  const image = open(bytes, autoOrient).resize({ ...smaller, fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false });
  const pixels = toPixels(await image.raw().toBuffer({ resolveWithObject: true }));
  return { ...pixels, reducedFrom: { width: size.width, height: size.height } };
}

function toPixels({ data, info: { width, height, channels } }: { data: Uint8Array; info: OutputInfo }): Pixels {
  return { data: channels === 1 ? greyToRgb(data) : data, width, height };
}

async function decodeGif(bytes: Uint8Array): Promise<Pixels> {
  const { data, info } = await open(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const first = readFirstFrame(bytes);
  const [red, green, blue] = first?.backdrop ?? [0, 0, 0];
  const { left, top, width, height } = first?.frame ?? { left: 0, top: 0, width: info.width, height: info.height };
  const rgb = new Uint8Array(info.width * info.height * 3);
  let to = 0;
  for (let y = 0; y < info.height; y++) {
    for (let x = 0; x < info.width; x++) {
      const from = (y * info.width + x) * 4;
      const inFrame = x >= left && x < left + width && y >= top && y < top + height;
      const open = !inFrame || data[from + 3] === 0;
      rgb[to] = open ? red : data[from]!;
      rgb[to + 1] = open ? green : data[from + 1]!;
      rgb[to + 2] = open ? blue : data[from + 2]!;
      to += 3;
    }
  }
  return { data: rgb, width: info.width, height: info.height };
}

/**
 * With no profile, by the plain formula of Pillow's Convert.c (`cmyk2rgb`): each ink takes away its share of what black has
 * left. libvips would go through a profile of its own.
 */
async function decodeCmyk(bytes: Uint8Array, autoOrient: boolean): Promise<Pixels> {
  const image = open(bytes, autoOrient).pipelineColourspace('cmyk').toColourspace('cmyk');
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const rgb = new Uint8Array(info.width * info.height * 3);
  let to = 0;
  for (let from = 0; from < data.length; from += 4) {
    const light = 255 - data[from + 3]!;
    for (let ink = 0; ink < 3; ink++) rgb[to++] = light - divideBy255(data[from + ink]! * light);
  }
  return { data: rgb, width: info.width, height: info.height };
}

/** Rounded, as Pillow's MULDIV255. */
function divideBy255(product: number): number {
  const sum = product + 128;
  return ((sum >> 8) + sum) >> 8;
}

function greyToRgb(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  for (let i = 0, to = 0; i < grey.length; i++, to += 3) rgb[to] = rgb[to + 1] = rgb[to + 2] = grey[i]!;
  return rgb;
}

async function attempt<T>(format: ImageFormat, bytes: Uint8Array, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const reason = reasonOf(error);
    const fault = endsEarly(format, bytes) || /premature|unexpected end/i.test(reason) ? 'truncated' : 'corrupt';
    throw new EyrieError(
      'INVALID_IMAGE',
      `The ${NAMES[format]} image is ${fault}${reason && ` (${reason})`}. Send the whole file, unchanged.`,
      { cause: error },
    );
  }
}

const NAMES: Readonly<Record<ImageFormat, string>> = { jpeg: 'JPEG', png: 'PNG', webp: 'WebP', gif: 'GIF' };

/** What libvips says, in one line. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^Input buffer has corrupt header:/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Whether the file stops before its own end mark, or before the length that it claims. JPEG's decoder says it itself. */
function endsEarly(format: ImageFormat, bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (format) {
    case 'jpeg':
      return false;
    case 'png':
      return !file.includes('IEND');
    case 'webp':
      return file.readUInt32LE(4) + 8 > file.length;
    case 'gif':
      return file.at(-1) !== 0x3b;
  }
}
