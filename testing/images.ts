import { randomBytes } from 'node:crypto';
import sharp from 'sharp';

/** Random pixels, RGB, row by row. */
export function randomPixels(size = 8): Uint8Array {
  return new Uint8Array(randomBytes(size * size * 3));
}

/** A PNG keeps every pixel as it is. */
export function png(rgb: Uint8Array, size = 8): Promise<Buffer> {
  return sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
}

/** An image that differs from all others. */
export function randomPng(size = 8): Promise<Buffer> {
  return png(randomPixels(size), size);
}
