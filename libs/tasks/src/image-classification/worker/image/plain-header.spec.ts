import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sniffFormat, type ImageFormat } from '../../header/format';
import { sharp } from './libvips';
import { readPlainHeader } from './plain-header';

const FIXTURES = join(__dirname, 'fixtures');
const images = readdirSync(FIXTURES).filter((name) => /\.(jpg|png|webp|gif)$/.test(name));
const rgb = { create: { width: 31, height: 17, channels: 3 as const, background: '#abc' } };

function formatOf(bytes: Buffer): ImageFormat {
  const sniffed = sniffFormat(bytes);
  if (!sniffed.format) throw new Error('not an image');
  return sniffed.format;
}

describe('readPlainHeader', () => {
  it.each(images)('says of %s what libvips says, or nothing', async (name) => {
    const bytes = readFileSync(join(FIXTURES, name));
    const size = readPlainHeader(formatOf(bytes), bytes);
    const { width, height, hasAlpha, depth, space, orientation = 1 } = await sharp(bytes).metadata();
    const plain = !hasAlpha && depth === 'uchar' && (space === 'srgb' || space === 'b-w') && orientation === 1;
    if (size) expect({ ...size, plain }).toEqual({ width, height, plain: true });
    else expect(name).not.toMatch(/^(jpeg-4|jpeg-grey|jpeg-progressive|png-rgb\.)/);
  });

  it('reads past what cameras and editors write before the pixels', async () => {
    const jpeg = await sharp(rgb).jpeg().withIccProfile('p3').toBuffer();
    const png = await sharp(rgb).png().withIccProfile('p3').toBuffer();
    expect(readPlainHeader('jpeg', jpeg)).toEqual({ width: 31, height: 17 });
    expect(readPlainHeader('png', png)).toEqual({ width: 31, height: 17 });
  });

  it('leaves images that may be turned to libvips', async () => {
    const turned = sharp(rgb).withMetadata({ orientation: 6 });
    expect(readPlainHeader('jpeg', await turned.clone().jpeg().toBuffer())).toBeUndefined();
    expect(readPlainHeader('png', await turned.clone().png().toBuffer())).toBeUndefined();
  });

  it.each(['jpeg', 'png'] as const)('leaves a %s that ends anywhere before its pixels to libvips', async (format) => {
    const file = await sharp(rgb).toFormat(format).toBuffer();
    const pixels = format === 'jpeg' ? file.indexOf(Buffer.from([0xff, 0xda])) : file.indexOf('IDAT');
    for (let length = 8; length <= pixels; length++) {
      expect(readPlainHeader(format, file.subarray(0, length))).toBeUndefined();
    }
    expect(readPlainHeader(format, file)).toEqual({ width: 31, height: 17 });
  });

  it('does not believe a JPEG of two frames, or one without a size', async () => {
    const file = await sharp(rgb).jpeg().toBuffer();
    const frame = file.indexOf(Buffer.from([0xff, 0xc0]));
    const segment = file.subarray(frame, frame + 2 + file.readUInt16BE(frame + 2));
    const twice = Buffer.concat([file.subarray(0, frame), segment, file.subarray(frame)]);
    expect(readPlainHeader('jpeg', twice)).toBeUndefined();
    const empty = Buffer.from(file);
    empty.writeUInt16BE(0, frame + 5);
    expect(readPlainHeader('jpeg', empty)).toBeUndefined();
  });
});
