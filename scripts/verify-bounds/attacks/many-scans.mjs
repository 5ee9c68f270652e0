// ITU T.81, annex G: a progressive picture may send each bit of each coefficient in a scan of its own, and a scan that
// says "nothing in any block" takes a few bytes and as long to read as any other.

const COEFFICIENTS = 63;
const BITS = 14;
/** The longest run of empty blocks that one code tells: 2^14 to 2^15 - 1 (G.1.2.2). */
const LONGEST_RUN = 14;

/**
 * A valid JPEG of one grey, in 883 scans.
 * @param {number} side in pixels, of a square
 */
export function manyScans(side) {
  const blocks = Math.ceil(side / 8) ** 2;
  const emptyBlocks = endOfBandRuns(blocks);
  const parts = [
    Buffer.from([0xff, 0xd8]),
    segment(0xdb, [0, ...Array(64).fill(1)]),
    segment(0xc2, [8, ...word(side), ...word(side), 1, 1, 0x11, 0]),
    // One code of one bit for "the same as before"; fifteen codes of four bits for runs of empty blocks.
    segment(0xc4, [0x00, 0, 1, ...Array(14).fill(0), 0]),
    segment(0xc4, [
      0x10,
      0,
      0,
      0,
      LONGEST_RUN + 1,
      ...Array(12).fill(0),
      ...Array.from({ length: LONGEST_RUN + 1 }, (_, run) => run << 4),
    ]),
    scan(0, 0, 0, bits(Array(blocks).fill([0, 2]))),
  ];
  for (let coefficient = 1; coefficient <= COEFFICIENTS; coefficient++) {
    for (let bit = BITS - 1; bit >= 0; bit--) {
      const before = bit === BITS - 1 ? 0 : bit + 1;
      parts.push(scan(coefficient, before, bit, emptyBlocks));
    }
  }
  return Buffer.concat([...parts, Buffer.from([0xff, 0xd9])]);
}

const word = (value) => [value >> 8, value & 0xff];
const segment = (marker, content) => Buffer.from([0xff, marker, ...word(content.length + 2), ...content]);
const scan = (coefficient, high, low, data) =>
  Buffer.concat([segment(0xda, [1, 1, 0, coefficient, coefficient, (high << 4) | low]), data]);

function endOfBandRuns(blocks) {
  const codes = [];
  for (let left = blocks; left > 0;) {
    const exponent = Math.min(LONGEST_RUN, Math.floor(Math.log2(left)));
    const length = Math.min(left, 2 ** (exponent + 1) - 1);
    codes.push([exponent, 4], [length - 2 ** exponent, exponent]);
    left -= length;
  }
  return bits(codes);
}

/** @param {[value: number, width: number][]} codes @returns them one after the other, filled up with ones, 0xff stuffed */
function bits(codes) {
  const text = codes.map(([value, width]) => (width ? value.toString(2).padStart(width, '0') : '')).join('');
  const bytes = text.match(/.{1,8}/g).map((byte) => parseInt(byte.padEnd(8, '1'), 2));
  return Buffer.from(bytes.flatMap((byte) => (byte === 0xff ? [0xff, 0x00] : [byte])));
}
