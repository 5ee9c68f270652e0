import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { costlyJpeg } from '#testing/costly-jpeg';
import { decodeCost } from './decode-cost';
import { sniffFormat } from './format';
import { readImageHeader } from './read-header';

const [WIDTH, HEIGHT] = [40, 24];
const raw = (channels: 3 | 4 = 3, pages = 1): sharp.Sharp =>
  sharp(randomBytes(WIDTH * HEIGHT * pages * channels), {
    raw: { width: WIDTH, height: HEIGHT * pages, channels, ...(pages > 1 && { pageHeight: HEIGHT }) },
  });

const KINDS: [string, () => sharp.Sharp][] = [
  ['baseline JPEG', () => raw().jpeg()],
  ['progressive JPEG', () => raw().jpeg({ progressive: true })],
  ['CMYK JPEG', () => raw().toColourspace('cmyk').jpeg()],
  ['PNG', () => raw().png()],
  ['PNG with alpha', () => raw(4).png()],
  ['PNG with a palette', () => raw().png({ palette: true })],
  ['interlaced PNG', () => raw().png({ progressive: true })],
  ['16-bit PNG', () => raw().toColourspace('rgb16').png()],
  ['lossy WebP', () => raw().webp()],
  ['lossy WebP', () => raw(4).webp()],
  ['lossy WebP', () => raw().webp().withMetadata({ orientation: 6 })],
  ['lossless WebP', () => raw().webp({ lossless: true })],
  ['lossless WebP', () => raw(4).webp({ lossless: true })],
  ['animated WebP', () => raw(3, 3).webp()],
  ['GIF', () => raw().gif()],
  ['GIF', () => raw(3, 3).gif()],
];

function headerOf(bytes: Uint8Array) {
  const { format } = sniffFormat(bytes);
  return format === null ? undefined : readImageHeader(format, bytes);
}

it.each(KINDS)('a file says that it is a %s, and how large', async (kind, make) => {
  expect(headerOf(await make().toBuffer())).toMatchObject({ kind, width: WIDTH, height: HEIGHT });
});

it('a file that ends before its header does costs nothing, wherever it ends', async () => {
  for (const [, make] of KINDS) {
    const file = await make().toBuffer();
    for (let length = 0; length < file.length; length += 1 + (length >> 4)) {
      expect(() => decodeCost(file.subarray(0, length))).not.toThrow();
    }
  }
  expect(decodeCost(Buffer.from('no image'))).toBeUndefined();
});

it('counts the scans of a progressive JPEG, of which each goes over all the image', () => {
  const grey = costlyJpeg(64);
  expect(headerOf(grey)!.scans).toEqual({ count: 883, samples: 64 * 64, visited: 883 * 64 * 64 });
  const colour = costlyJpeg(64, 3);
  expect(headerOf(colour)!.scans).toEqual({ count: 2647, samples: 3 * 64 * 64, visited: (3 + 2646) * 64 * 64 });
  const { ms, subject } = decodeCost(costlyJpeg(4096))!;
  expect(subject).toBe('progressive JPEG of 4096 x 4096 pixels in 883 scans');
  expect(ms).toBeGreaterThan(5_000);
});

it('is not misled by a scan that is hidden in a comment', () => {
  const file = costlyJpeg(64);
  const comment = Buffer.from([0xff, 0xfe, 0, 16, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0xff, 0xd9, 0, 0]);
  const hidden = Buffer.concat([file.subarray(0, 2), comment, file.subarray(2)]);
  expect(headerOf(hidden)!.scans!.count).toBe(883);
});

it.each([
  ['scans without end', Buffer.alloc(8e6, Buffer.from([0xff, 0xda, 0, 8, 1, 1, 0, 1, 1, 0]))],
  ['fill bytes', Buffer.alloc(8e6, 0xff)],
  ['nothing', Buffer.alloc(8e6)],
])('looks at 8 MB of %s behind a header in no time to speak of', (_, rest) => {
  const file = Buffer.concat([costlyJpeg(4096).subarray(0, 400), rest]);
  const started = performance.now();
  decodeCost(file);
  expect(performance.now() - started).toBeLessThan(1_000);
});
