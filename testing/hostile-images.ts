import { crc32, deflateSync } from 'node:zlib';

/** A PNG with a header of our choice, which need not fit what follows. */
export function pngOf(width: number, height: number, pixels: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** 64,000 by 64,000 pixels by its header: 12 GB, were it decoded. About 5 KB. */
export function pixelBomb(): Buffer {
  const png = pngOf(64_000, 64_000, new Uint8Array(4_000_000));
  return png.subarray(0, 5_000);
}

/** A GIF of many frames, each of the whole canvas. */
export function animatedGif(size: number, frames: number): Buffer {
  const screen = Buffer.from([0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0, 0, 0, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255]);
  screen.writeUInt16LE(size, 6);
  screen.writeUInt16LE(size, 8);
  const image = Buffer.from([0x2c, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  image.writeUInt16LE(size, 5);
  image.writeUInt16LE(size, 7);
  const delay = Buffer.from([0x21, 0xf9, 4, 0, 1, 0, 0, 0]);
  const frame = Buffer.concat([delay, image, uncompressedLzw(size * size)]);
  return Buffer.concat([screen, ...Array.from({ length: frames }, () => frame), Buffer.from([0x3b])]);
}

/** All pixels of colour 0 in GIF's LZW with codes of 3 bits, cleared before they grow. */
function uncompressedLzw(pixels: number): Buffer {
  const bits: number[] = [];
  const push = (code: number): void => void bits.push(code & 1, (code >> 1) & 1, (code >> 2) & 1);
  for (let i = 0; i < pixels; i++) {
    if (i % 2 === 0) push(4);
    push(0);
  }
  push(5);
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => (bytes[i >> 3]! |= bit << (i & 7)));
  const blocks: Uint8Array[] = [Uint8Array.of(2)];
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.subarray(at, at + 255);
    blocks.push(Uint8Array.of(block.length), block);
  }
  return Buffer.concat([...blocks, Uint8Array.of(0)]);
}

/** A TIFF that claims 65,535 by 65,535 pixels in strips which all lie in the same place. */
export function tiffBomb(): Buffer {
  const entries: [tag: number, value: number][] = [
    [256, 65_535],
    [257, 65_535],
    [258, 8],
    [259, 8],
    [262, 1],
    [273, 8],
    [278, 65_535],
    [279, 64],
  ];
  const tiff = Buffer.alloc(8 + 2 + entries.length * 12 + 4 + 64);
  tiff.write('II*\0', 0, 'latin1');
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(entries.length, 8);
  entries.forEach(([tag, value], i) => {
    const at = 10 + i * 12;
    tiff.writeUInt16LE(tag, at);
    tiff.writeUInt16LE(4, at + 2);
    tiff.writeUInt32LE(1, at + 4);
    tiff.writeUInt32LE(value, at + 8);
  });
  return tiff;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}
