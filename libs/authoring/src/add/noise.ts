import { randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** Eight bits a channel, red, green and blue, not interlaced. */
const TRUE_COLOUR = [8, 2, 0, 0, 0];

/** Values of a channel: `from` … `from + range - 1`. */
export interface Noise {
  from: number;
  range: number;
}

/** A picture of random pixels. @param channels of red, green and blue @returns a PNG file */
export function noisePng(width: number, height: number, channels: readonly [Noise, Noise, Noise]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set(TRUE_COLOUR, 8);
  const rowLength = 1 + width * 3;
  const rows = randomBytes(height * rowLength).map((value, i) => {
    const { from, range } = channels[((i % rowLength) + 2) % 3]!;
    return from + (value % range);
  });
  // Each row begins with the number of its filter; 0 is none.
  for (let y = 0; y < height; y++) rows[y * rowLength] = 0;
  const pixels = deflateSync(rows, { level: 0 });
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, content: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(typed), 4);
  return Buffer.concat([ends.subarray(0, 4), typed, ends.subarray(4)]);
}
