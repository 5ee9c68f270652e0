import { randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { decodeImage } from './decode';
import { pixelInput } from './input.fixture';
import { sharp } from './libvips';
import { withoutTexts } from './png-texts';

const [WIDTH, HEIGHT] = [24, 16];
const LIMITS = { maxPixels: 4_000_000 };
const image = sharp(randomBytes(WIDTH * HEIGHT * 3), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
let png: Buffer;
let jpeg: Buffer;
let webp: Buffer;
beforeAll(async () => {
  png = await image.clone().png().toBuffer();
  jpeg = await image.clone().jpeg().toBuffer();
  webp = await image.clone().webp({ lossless: true }).toBuffer();
});

/** EXIF data that say nothing but the orientation. @param type of its value, and how many there are */
function tiff(orientation: number, order: 'II' | 'MM' = 'II', type = 3, count = 1): Buffer {
  const short = (value: number) => (order === 'II' ? [value, 0] : [0, value]);
  const long = (value: number) => (order === 'II' ? [value, 0, 0, 0] : [0, 0, 0, value]);
  const entry = [
    ...(order === 'II' ? [0x12, 1] : [1, 0x12]),
    ...short(type),
    ...long(count),
    ...short(orientation),
    0,
    0,
  ];
  return Buffer.from([...Buffer.from(order), ...short(42), ...long(8), ...short(1), ...entry, 0, 0, 0, 0]);
}
const exif = (orientation: number) => Buffer.concat([Buffer.from('Exif\0\0'), tiff(orientation)]);
const xmp = (orientation: number) =>
  Buffer.from(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="${orientation}"/></x:xmpmeta>`);
const xmpElement = () => Buffer.from('<x:xmpmeta><tiff:Orientation>6</tiff:Orientation></x:xmpmeta>');
const profile = (orientation: number) => {
  const digits = exif(orientation).toString('hex').replace(/.{72}/g, '$&\n');
  return Buffer.from(`\nexif\n      ${exif(orientation).length}\n${digits}\n`);
};
const genericProfile = (orientation: number) =>
  Buffer.from(profile(orientation).toString().replace('exif', 'generic profile'));
const prefixed = (content: Buffer) => Buffer.concat([Buffer.from('Exif\0\0'), content]);

function app1(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xff, 0xe1, 0, content.length + 2]), content]);
}
const jpegWith = (...segments: Buffer[]) => Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
const xmpSegment = (orientation: number) =>
  app1(Buffer.concat([Buffer.from('http://ns.adobe.com/xap/1.0/\0'), xmp(orientation)]));
const jpegBeforeItsScan = (segment: Buffer) => {
  const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
  return Buffer.concat([jpeg.subarray(0, scan), segment, jpeg.subarray(scan)]);
};

function chunk(name: string, ...content: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(content.map((part) => Buffer.from(part as string)));
  const named = Buffer.concat([Buffer.from(name), body]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(body.length);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}
const pngWith = (before: Buffer[], after: Buffer[] = []) => {
  const [pixels, end] = [png.indexOf('IDAT') - 4, png.indexOf('IEND') - 4];
  return Buffer.concat([png.subarray(0, pixels), ...before, png.subarray(pixels, end), ...after, png.subarray(end)]);
};

function webpWith(flags: number, before: Buffer[], after: Buffer[] = []): Buffer {
  const riffChunk = (name: string, content: Buffer): Buffer => {
    const head = Buffer.from(`${name}....`);
    head.writeUInt32LE(content.length, 4);
    return Buffer.concat([head, content, Buffer.alloc(content.length & 1)]);
  };
  const canvas = Buffer.from([flags, 0, 0, 0, WIDTH - 1, 0, 0, HEIGHT - 1, 0, 0]);
  const name = (content: Buffer) => (content.includes('xmpmeta') ? 'XMP ' : 'EXIF');
  const chunks = (contents: Buffer[]) => contents.map((content) => riffChunk(name(content), content));
  const body = Buffer.concat([riffChunk('VP8X', canvas), ...chunks(before), webp.subarray(12), ...chunks(after)]);
  return Buffer.concat([riffChunk('RIFF', Buffer.concat([Buffer.from('WEBP'), body]))]);
}

/** The file, and whether it says that the image lies on its side. */
const PLACES: [string, () => Buffer, boolean][] = [
  ['JPEG: EXIF', () => jpegWith(app1(exif(6))), true],
  ['JPEG: EXIF, big endian', () => jpegWith(app1(prefixed(tiff(6, 'MM')))), true],
  ['JPEG: EXIF right before the scan', () => jpegBeforeItsScan(app1(exif(6))), true],
  ['JPEG: EXIF behind its end', () => Buffer.concat([jpeg, app1(exif(6))]), false],
  ['JPEG: EXIF twice, the first one counts', () => jpegWith(app1(exif(6)), app1(exif(1))), true],
  ['JPEG: EXIF twice, the first one counts', () => jpegWith(app1(exif(1)), app1(exif(6))), false],
  ['JPEG: EXIF with a signed number', () => jpegWith(app1(prefixed(tiff(6, 'II', 8)))), true],
  ['JPEG: EXIF with a number of four bytes', () => jpegWith(app1(prefixed(tiff(6, 'II', 9)))), true],
  ['JPEG: EXIF with a text for a number', () => jpegWith(app1(prefixed(tiff(6, 'II', 2)))), false],
  ['JPEG: EXIF with no number', () => jpegWith(app1(prefixed(tiff(6, 'II', 3, 0)))), false],
  ['JPEG: EXIF that is no TIFF', () => jpegWith(app1(prefixed(Buffer.concat([Buffer.from('II++'), tiff(6).subarray(4)])))), false], // prettier-ignore
  ['JPEG: EXIF with its prefix twice', () => jpegWith(app1(prefixed(exif(6)))), true],
  ['JPEG: XMP twice, the last one counts', () => jpegWith(xmpSegment(1), xmpSegment(6)), true],
  ['JPEG: XMP alone', () => jpegWith(xmpSegment(6)), true],
  ['JPEG: XMP beside EXIF, which counts', () => jpegWith(xmpSegment(6), app1(exif(1))), false],
  ['JPEG: a number that means nothing', () => jpegWith(app1(exif(9))), false],
  ['PNG: eXIf', () => pngWith([chunk('eXIf', tiff(6))]), true],
  ['PNG: eXIf that begins as in a JPEG', () => pngWith([chunk('eXIf', exif(6))]), true],
  ['PNG: eXIf behind the pixels', () => pngWith([], [chunk('eXIf', tiff(6))]), true],
  ['PNG: eXIf twice, the last one counts', () => pngWith([chunk('eXIf', tiff(1))], [chunk('eXIf', tiff(6))]), true],
  ['PNG: eXIf twice, the last one counts', () => pngWith([chunk('eXIf', tiff(6))], [chunk('eXIf', tiff(1))]), false],
  ['PNG: profile as tEXt', () => pngWith([chunk('tEXt', 'Raw profile type exif\0', profile(6))]), true],
  ['PNG: profile behind the pixels', () => pngWith([], [chunk('tEXt', 'Raw profile type exif\0', profile(6))]), true],
  ['PNG: profile as zTXt', () => pngWith([chunk('zTXt', 'Raw profile type exif\0\0', deflateSync(profile(6)))]), true],
  [
    'PNG: profile as iTXt',
    () => pngWith([chunk('iTXt', 'Raw profile type exif\0\x01\0en\0\0', deflateSync(profile(6)))]),
    true,
  ],
  [
    'PNG: profile of 50 MB',
    () => pngWith([chunk('zTXt', 'Raw profile type exif\0\0', deflateSync(Buffer.alloc(5e7)))]),
    false,
  ],
  [
    'PNG: profile beside eXIf, which counts',
    () => pngWith([chunk('tEXt', 'Raw profile type exif\0', profile(6)), chunk('eXIf', tiff(1))]),
    false,
  ],
  ['PNG: profile of another name', () => pngWith([chunk('tEXt', 'Raw profile type exif\0', genericProfile(6))]), true],
  ['PNG: XMP as tEXt', () => pngWith([chunk('tEXt', 'XML:com.adobe.xmp\0', xmp(6))]), true],
  ['PNG: XMP', () => pngWith([chunk('iTXt', 'XML:com.adobe.xmp\0\0\0\0\0', xmp(6))]), true],
  ['PNG: XMP behind the pixels', () => pngWith([], [chunk('iTXt', 'XML:com.adobe.xmp\0\0\0\0\0', xmpElement())]), true],
  ['PNG: another text', () => pngWith([chunk('tEXt', 'Comment\0', xmp(6))]), false],
  ['WebP: EXIF', () => webpWith(0x08, [], [tiff(6)]), true],
  ['WebP: EXIF that begins as in a JPEG', () => webpWith(0x08, [], [exif(6)]), true],
  ['WebP: EXIF before the pixels', () => webpWith(0x08, [tiff(6)]), true],
  ['WebP: EXIF that no flag announces', () => webpWith(0, [], [tiff(6)]), false],
  ['WebP: XMP', () => webpWith(0x04, [], [xmp(6)]), true],
  ['WebP: XMP beside EXIF, which counts', () => webpWith(0x0c, [], [tiff(1), xmp(6)]), false],
];

it.each(PLACES)('%s', async (_, make, isOnItsSide) => {
  const { width, height } = await decodeImage(make(), LIMITS);
  expect([width, height]).toEqual(isOnItsSide ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT]);
});

it.each([1, 2, 3, 4, 5, 6, 7, 8])('orientation %d turns the same pixels wherever it stands', async (orientation) => {
  const expected = await decodeImage(pngWith([chunk('eXIf', tiff(orientation))]), LIMITS);
  const late = await decodeImage(pngWith([], [chunk('eXIf', tiff(orientation))]), LIMITS);
  expect([late.width, late.height]).toEqual([expected.width, expected.height]);
  expect(Buffer.compare(Buffer.from(late.data), Buffer.from(expected.data))).toBe(0);
});

describe('compressed texts of a PNG', () => {
  const compressed = (text: Buffer) => chunk('zTXt', 'Raw profile type exif\0\0', deflateSync(text));
  const large = (megabytes: number) => Buffer.concat([profile(1), Buffer.alloc(megabytes * 1024 * 1024, '0')]);

  it.each<[string, Buffer[], boolean]>([
    ['are read one after the other', [compressed(large(0)), compressed(profile(6))], true],
    ['are read no more after one that is far too long', [compressed(large(2)), compressed(profile(6))], false],
    [
      'are not read beyond a million bytes together',
      [compressed(large(0.6)), compressed(large(0.6)), compressed(profile(6))],
      false,
    ],
    [
      'are not read beyond a few of them',
      [...Array.from({ length: 20 }, () => compressed(profile(1))), compressed(profile(6))],
      false,
    ],
  ])('%s', async (_, texts, isOnItsSide) => {
    const { width, height } = await decodeImage(pngWith(texts), LIMITS);
    expect([width, height]).toEqual(isOnItsSide ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT]);
  });

  it('are not unfolded by the decoder either, and the pixels are the same', async () => {
    const comment = (text: Buffer) => chunk('zTXt', 'Comment\0\0', deflateSync(text));
    const few = pngWith([comment(Buffer.from('a holiday'))]);
    expect(withoutTexts(few)).toBe(few);
    const zeros = Buffer.alloc(20_000_000);
    const bomb = pngWith([comment(zeros), chunk('tEXt', 'Title\0harbour')], [comment(zeros)]);
    expect(withoutTexts(bomb)).toEqual(pngWith([chunk('tEXt', 'Title\0harbour')]));
    expect(await decodeImage(bomb, LIMITS)).toEqual(await decodeImage(png, LIMITS));
    // What is cut off in the middle of a text stays as it is: the decoder says what is wrong with it.
    expect(withoutTexts(bomb.subarray(0, 200)).length).toBe(200);
  });
});

it('turns what is reduced on the way, too', async () => {
  const large = { create: { width: 1600, height: 1000, channels: 3 as const, background: 'teal' } };
  png = await sharp(large).png().toBuffer();
  const input = pixelInput({ width: 40, height: 40, resize: { mode: 'shorter-side', size: 48, kernel: 'bilinear' } });
  const early = await decodeImage(pngWith([chunk('eXIf', tiff(6))]), LIMITS, input);
  const late = await decodeImage(pngWith([], [chunk('eXIf', tiff(6))]), LIMITS, input);
  const size = { width: 250, height: 400, reducedFrom: { width: 1000, height: 1600 } };
  expect(early).toMatchObject(size);
  expect(late).toMatchObject(size);
});
