const ORIENTATION = 0x0112;
/** Types of two bytes, without and with a sign, and of four; what is meant is 1 to 8 anyway. */
const SHORTS: readonly number[] = [3, 8];
const LONGS: readonly number[] = [4, 9];
const TIFF = 42;

/** The orientation in EXIF data, which are a TIFF file (Exif 3.0, 4.6); undefined where they do not say any. */
export function orientationOfExif(tiff: Uint8Array): number | undefined {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  try {
    const order = view.getUint16(0);
    const isLittle = order === 0x4949;
    if (!isLittle && order !== 0x4d4d) return undefined;
    if (view.getUint16(2, isLittle) !== TIFF) return undefined;
    const directory = view.getUint32(4, isLittle);
    const entries = view.getUint16(directory, isLittle);
    for (let i = 0; i < entries; i++) {
      const at = directory + 2 + 12 * i;
      if (view.getUint16(at, isLittle) !== ORIENTATION) continue;
      const type = view.getUint16(at + 2, isLittle);
      if (view.getUint32(at + 4, isLittle) === 0) return undefined;
      if (SHORTS.includes(type)) return view.getUint16(at + 8, isLittle);
      return LONGS.includes(type) ? view.getUint32(at + 8, isLittle) : undefined;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** Bounded everywhere: what is sent may be a megabyte of line ends. */
const PROFILE = /^(?:\s{0,8}exif\s{1,8}\d{1,12}\s{1,8}|\n[^\n]{0,80}\n[^\n]{0,20}\n)([0-9a-f\s]+)/i;

/** The same of ImageMagick's "Raw profile type exif": name, length, and the bytes of the EXIF data in hexadecimal digits. */
export function orientationOfProfile(text: Uint8Array): number | undefined {
  const [, digits] = PROFILE.exec(latin1(text)) ?? [];
  if (digits === undefined) return undefined;
  const bytes = Buffer.from(digits.replace(/\s+/g, ''), 'hex');
  return orientationOfExif(bytes.toString('latin1', 0, 4) === 'Exif' ? bytes.subarray(6) : bytes);
}

/** `tiff:Orientation` of XMP, as an attribute or an element. */
export function orientationOfXmp(packet: Uint8Array): number | undefined {
  const [, digit] = /tiff:Orientation(?:\s*=\s*["']|>)\s*([0-9])/.exec(latin1(packet)) ?? [];
  return digit === undefined ? undefined : Number(digit);
}

/** Metadata are not longer than this; what is, is none. */
const MOST = 1024 * 1024;

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, MOST)).toString('latin1');
}
