import { randomBytes } from 'node:crypto';
import sharp from 'sharp';

const SIZE = 32;

/** An image that no cache has seen: 32 × 32 random pixels, RGB. */
export function randomPng() {
  const raw = { width: SIZE, height: SIZE, channels: 3 };
  return sharp(randomBytes(SIZE * SIZE * 3), { raw })
    .png({ compressionLevel: 0 })
    .toBuffer();
}
