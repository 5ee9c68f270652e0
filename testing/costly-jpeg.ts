/**
 * A valid progressive JPEG, all of one grey, in as many scans as the standard allows (ITU-T T.81, annex G): every coefficient of
 * every component bit by bit. Small, and slow to decode: each of its 882 scans a component goes over all blocks.
 * @param side pixels
 */
export function costlyJpeg(side: number, components: 1 | 3 = 1): Buffer {
  const blocks = Math.ceil(side / 8) ** 2;
  const ids = Array.from({ length: components }, (_, i) => i + 1);
  const scan = (of: number[], first: number, last: number, bits: number, data: Buffer): Buffer =>
    Buffer.concat([segment(0xda, [of.length, ...of.flatMap((id) => [id, 0]), first, last, bits]), data]);
  const parts = [
    Buffer.from([0xff, 0xd8]),
    segment(0xdb, [0, ...Array<number>(64).fill(1)]),
    segment(0xc2, [8, side >> 8, side & 255, side >> 8, side & 255, components, ...ids.flatMap((id) => [id, 0x11, 0])]),
    // For DC: one code, of category 0. For AC: runs of 2^0 to 2^14 blocks without any coefficient, four bits each.
    segment(0xc4, [0, 0, 1, ...Array<number>(14).fill(0), 0]),
    segment(0xc4, [
      0x10,
      0,
      0,
      0,
      15,
      ...Array<number>(12).fill(0),
      ...Array.from({ length: 15 }, (_, run) => run << 4),
    ]),
    scan(ids, 0, 0, 0, packed('00'.repeat(blocks * components))),
  ];
  const runs = packed(runsOf(blocks));
  for (const id of ids) {
    for (let at = 1; at < 64; at++) {
      for (let bit = 13; bit >= 0; bit--)
        parts.push(scan([id], at, at, bit === 13 ? bit : ((bit + 1) << 4) | bit, runs));
    }
  }
  return Buffer.concat([...parts, Buffer.from([0xff, 0xd9])]);
}

function segment(marker: number, content: number[]): Buffer {
  const length = content.length + 2;
  return Buffer.from([0xff, marker, length >> 8, length & 255, ...content]);
}

function runsOf(blocks: number): string {
  let bits = '';
  for (let left = blocks; left > 0;) {
    const run = Math.min(14, Math.floor(Math.log2(left)));
    const length = Math.min(left, 2 ** (run + 1) - 1);
    bits += run.toString(2).padStart(4, '0');
    if (run > 0) bits += (length - 2 ** run).toString(2).padStart(run, '0');
    left -= length;
  }
  return bits;
}

/** Bits as bytes, filled up with ones; a zero follows each 0xff, so that it is no marker. */
function packed(bits: string): Buffer {
  const bytes: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = parseInt(bits.slice(at, at + 8).padEnd(8, '1'), 2);
    bytes.push(byte);
    if (byte === 0xff) bytes.push(0);
  }
  return Buffer.from(bytes);
}
