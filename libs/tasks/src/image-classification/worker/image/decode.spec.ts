import { randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { decodeImage } from './decode';
import { pixelInput } from './input.fixture';
import { sharp } from './libvips';
import { preprocess } from './preprocess';

const LIMITS = { maxPixels: 1_000_000 };
const WIDTH = 24;
const HEIGHT = 16;
const rgb = randomBytes(WIDTH * HEIGHT * 3);
const raw = (): ReturnType<typeof sharp> => sharp(rgb, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });

function pngChunk(name: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), body]);
  const chunk = Buffer.alloc(named.length + 8);
  chunk.writeUInt32BE(body.length, 0);
  named.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(named), named.length + 4);
  return chunk;
}

function png(width: number, height: number, bits: number, colourType: number, samples: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bits;
  header[9] = colourType;
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(samples)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('decodeImage', () => {
  it.each(['png', 'webp'] as const)('gives the very pixels of a lossless %s', async (format) => {
    const file = await raw().toFormat(format, { lossless: true }).toBuffer();
    const pixels = await decodeImage(file, LIMITS);
    expect({ ...pixels, data: Buffer.from(pixels.data) }).toEqual({ data: rgb, width: WIDTH, height: HEIGHT });
  });

  it('drops alpha and keeps the colour beneath it', async () => {
    const alpha = Buffer.alloc(WIDTH * HEIGHT, 0);
    const file = await raw()
      .joinChannel(alpha, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } })
      .png()
      .toBuffer();
    expect(Buffer.from((await decodeImage(file, LIMITS)).data)).toEqual(rgb);
  });

  it('makes grey into equal red, green and blue', async () => {
    const samples = Buffer.from([0, 7, 200]);
    const pixels = await decodeImage(png(2, 1, 8, 0, samples), LIMITS);
    expect([...pixels.data]).toEqual([7, 7, 7, 200, 200, 200]);
  });

  it.each([
    ['grey', 0, [0x12, 0xff, 0xfe, 0x01], [0x12, 0x12, 0x12, 0xfe, 0xfe, 0xfe]],
    ['RGB', 2, [1, 255, 2, 255, 3, 255, 4, 0, 5, 0, 6, 0], [1, 2, 3, 4, 5, 6]],
  ])('keeps the upper byte of 16-bit %s', async (_, colourType, samples, expected) => {
    const pixels = await decodeImage(png(2, 1, 16, colourType, Buffer.from([0, ...samples])), LIMITS);
    expect([...pixels.data]).toEqual(expected);
  });

  it('turns the image as its EXIF orientation says', async () => {
    const file = await raw().webp({ lossless: true }).withMetadata({ orientation: 6 }).toBuffer();
    const pixels = await decodeImage(file, LIMITS);
    expect(pixels).toMatchObject({ width: HEIGHT, height: WIDTH });
    // A quarter turn clockwise: the bottom left corner comes to the top left.
    expect([...pixels.data.subarray(0, 3)]).toEqual([...rgb.subarray((HEIGHT - 1) * WIDTH * 3).subarray(0, 3)]);
  });

  it('ignores a colour profile', async () => {
    const file = await raw().png().withIccProfile('p3').toBuffer();
    const { icc } = await sharp(file).metadata();
    expect(icc).toBeDefined();
    const stored = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
    expect(Buffer.from((await decodeImage(file, LIMITS)).data)).toEqual(stored);
  });

  it('decodes bytes that lie in the middle of a larger buffer', async () => {
    const file = await raw().png().toBuffer();
    const larger = Buffer.concat([randomBytes(13), file, randomBytes(5)]);
    const pixels = await decodeImage(new Uint8Array(larger.buffer, larger.byteOffset + 13, file.length), LIMITS);
    expect(Buffer.from(pixels.data)).toEqual(rgb);
  });

  it.each([
    ['', /nothing \(0 bytes\).*Send a JPEG, PNG, WebP or GIF/],
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', /an SVG drawing/],
    ['%PDF-1.4', /a PDF document/],
  ])('refuses %p and says what it is', async (file, detail) => {
    await expect(decodeImage(Buffer.from(file), LIMITS)).rejects.toMatchObject({
      code: 'INVALID_IMAGE',
      message: expect.stringMatching(detail),
    });
  });

  it.each(['jpeg', 'png', 'webp', 'gif'] as const)('refuses a %s that ends early, wherever it ends', async (format) => {
    const file = await raw().toFormat(format).toBuffer();
    for (const share of [0.1, 0.4, 0.7, 0.95]) {
      const part = file.subarray(0, Math.max(12, Math.floor(file.length * share)));
      await expect(decodeImage(part, LIMITS)).rejects.toMatchObject({
        code: 'INVALID_IMAGE',
        message: expect.stringMatching(/image is truncated/),
      });
    }
  });

  it('refuses a corrupt image', async () => {
    const file = await raw().png().toBuffer();
    file.fill(0x55, 60, 120);
    await expect(decodeImage(file, LIMITS)).rejects.toMatchObject({
      code: 'INVALID_IMAGE',
      message: expect.stringMatching(/PNG image is corrupt/),
    });
  });

  it('takes a JPEG with garbage after its end', async () => {
    const file = Buffer.concat([await raw().jpeg().toBuffer(), randomBytes(100)]);
    await expect(decodeImage(file, LIMITS)).resolves.toMatchObject({ width: WIDTH, height: HEIGHT });
  });

  describe('with a header that claims gigapixels', () => {
    const claims: [string, () => Buffer | Promise<Buffer>][] = [
      ['PNG', () => png(64_000, 64_000, 8, 2, Buffer.alloc(4000))],
      ['PNG larger than libpng allows', () => png(2 ** 31 - 1, 2 ** 31 - 1, 8, 2, Buffer.alloc(4000))],
      [
        'JPEG',
        async () => {
          const file = await raw().jpeg().toBuffer();
          const frame = file.indexOf(Buffer.from([0xff, 0xc0]));
          file.writeUInt16BE(64_000, frame + 5);
          file.writeUInt16BE(64_000, frame + 7);
          return file;
        },
      ],
      [
        'GIF',
        async () => {
          const file = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
            .gif()
            .toBuffer();
          const frame = file.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 8, 0, 8, 0]));
          file.writeUInt16LE(64_000, frame + 5);
          file.writeUInt16LE(64_000, frame + 7);
          return file;
        },
      ],
    ];

    it.each(claims)('refuses the %s before it decodes anything', async (_, make) => {
      const file = await make();
      const memory = process.memoryUsage().rss;
      const started = performance.now();
      await expect(decodeImage(file, LIMITS)).rejects.toMatchObject({
        code: 'IMAGE_TOO_LARGE',
        message: expect.stringMatching(
          /at most 1000000 are taken.*\(MAX_IMAGE_PIXELS=1000000\)|no side may be longer than 65535/,
        ),
      });
      expect(performance.now() - started).toBeLessThan(500);
      expect(process.memoryUsage().rss - memory).toBeLessThan(50e6);
    });
  });

  it('refuses a thread of an image', async () => {
    const file = png(1, 65_536, 8, 0, Buffer.alloc(2 * 65_536));
    await expect(decodeImage(file, LIMITS)).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  it('takes an image of exactly as many pixels as allowed', async () => {
    const file = await raw().png().toBuffer();
    await expect(decodeImage(file, { maxPixels: WIDTH * HEIGHT })).resolves.toBeDefined();
    await expect(decodeImage(file, { maxPixels: WIDTH * HEIGHT - 1 })).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
    });
  });

  it.each(['jpeg', 'png', 'webp'] as const)(
    'reduces a large %s on the way and loses next to nothing',
    async (format) => {
      const [width, height] = [1100, 1000];
      const file = await sharp(waves(width, height), { raw: { width, height, channels: 3 } })
        .toFormat(format)
        .toBuffer();
      const input = pixelInput({
        width: 40,
        height: 40,
        resize: { mode: 'shorter-side', size: 48, kernel: 'bilinear' },
      });
      const limits = { maxPixels: 1e7 };
      const whole = await decodeImage(file, limits);
      const reduced = await decodeImage(file, limits, input);
      expect(reduced).toMatchObject({ width: 275, height: 250, reducedFrom: { width, height } });

      const [expected, tensor] = [whole, reduced].map((pixels) => {
        const target = new Uint8Array(40 * 40 * 3);
        preprocess(pixels, input, target, 0);
        return target;
      });
      const differences = [...tensor!].map((value, i) => Math.abs(value - expected![i]!));
      expect(Math.max(...differences)).toBeLessThanOrEqual(4);
      expect(differences.reduce((sum, difference) => sum + difference, 0) / differences.length).toBeLessThan(0.7);
    },
  );
});

/** Broad waves and a disc with a sharp edge. */
function waves(width: number, height: number): Buffer {
  const { sin } = Math;
  const scene = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = (y * width + x) * 3;
      const disc = (x - 500) ** 2 + (y - 480) ** 2 < 250 ** 2 ? 60 : 0;
      scene[i] = 90 + 80 * sin(x / 41) + disc;
      scene[i + 1] = 90 + 80 * sin(y / 29) + disc;
      scene[i + 2] = 90 + 80 * sin((x + y) / 53) + disc;
    }
  }
  return scene;
}
