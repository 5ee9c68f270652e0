import type { ImageHeader, ImageKind, Scans } from './image-header';

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
/** Progressive, and progressive with arithmetic coding (ITU-T T.81, table B.1). */
const PROGRESSIVE = [0xc2, 0xca];
/** Sequential, progressive and lossless with arithmetic coding. */
const ARITHMETIC = [0xc9, 0xca, 0xcb];
/** Of the markers from 0xc0 to 0xcf, these begin no frame: Huffman tables, an extension, arithmetic conditioning. */
const NO_FRAME = [0xc4, 0xc8, 0xcc];
/** A decoder takes no more components than this. */
const MAX_COMPONENTS = 4;

interface Frame {
  marker: number;
  width: number;
  height: number;
  /** Samples of each component, by its identifier. */
  samples: ReadonlyMap<number, number>;
}

/** Segments as in ITU-T T.81, B.1.1.4: 0xff, marker, length with itself, contents. */
export function readJpeg(bytes: Uint8Array, view: DataView): ImageHeader | undefined {
  let frame: Frame | undefined;
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    while (view.getUint8(at) !== 0xff) at++;
    // Any number of fill bytes may come before a marker.
    while (view.getUint8(at + 1) === 0xff) at++;
    const marker = view.getUint8(at + 1);
    if (marker === END_OF_IMAGE) return undefined;
    if (marker === START_OF_SCAN) return frame && describe(frame, bytes, view, at);
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAME.includes(marker)) frame ??= readFrame(view, at);
  }
}

/** T.81, B.2.2 */
function readFrame(view: DataView, at: number): Frame {
  const height = view.getUint16(at + 5);
  const width = view.getUint16(at + 7);
  const count = Math.min(view.getUint8(at + 9), MAX_COMPONENTS);
  const parts = Array.from({ length: count }, (_, i) => {
    const sampling = view.getUint8(at + 11 + 3 * i);
    return { id: view.getUint8(at + 10 + 3 * i), area: Math.max(1, (sampling >> 4) * (sampling & 15)) };
  });
  const largest = Math.max(1, ...parts.map(({ area }) => area));
  const samples = new Map(parts.map(({ id, area }) => [id, (width * height * area) / largest]));
  return { marker: view.getUint8(at + 1), width, height, samples };
}

function describe(frame: Frame, bytes: Uint8Array, view: DataView, firstScan: number): ImageHeader {
  const { marker, width, height, samples } = frame;
  const isInOneScan = !PROGRESSIVE.includes(marker) && view.getUint8(firstScan + 4) >= samples.size;
  const scans = isInOneScan ? undefined : readScans(frame, bytes, firstScan);
  return { kind: kindOf(frame, scans), width, height, scans };
}

function kindOf({ marker, samples }: Frame, scans: Scans | undefined): ImageKind {
  if (ARITHMETIC.includes(marker)) return 'arithmetic-coded JPEG';
  if (samples.size === 4) return 'CMYK JPEG';
  return scans ? 'progressive JPEG' : 'baseline JPEG';
}

/**
 * Coded data never has a marker in it, so whatever looks like the beginning of a scan is one, or lies behind the end of the image,
 * as the preview of a phone may: what is found is the truth or too much. A nanosecond a byte; a search by `indexOf` is faster on
 * most files, and ten times slower on one that is made of 0xff.
 */
function readScans({ samples }: Frame, bytes: Uint8Array, firstScan: number): Scans {
  const all = [...samples.values()].reduce((sum, count) => sum + count, 0);
  let count = 0;
  let visited = 0;
  const last = bytes.length - 6;
  for (let at = firstScan; at <= last && visited < ENOUGH_VISITS; at++) {
    if (bytes[at] !== 0xff || bytes[at + 1] !== START_OF_SCAN) continue;
    count++;
    const components = Math.min(bytes[at + 4]!, MAX_COMPONENTS);
    for (let i = 0; i < components; i++) visited += samples.get(bytes[at + 5 + 2 * i] ?? -1) ?? 0;
  }
  return { count, samples: all, visited };
}

/** Takes a minute: nobody wants to know how much longer. */
const ENOUGH_VISITS = 1.5e11;
