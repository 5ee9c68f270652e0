import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { root } from '../prepare.mjs';

const SAMPLES = join(root, 'samples');
/** Twice of what the console shows, for dense screens. */
const SIDE = 112;

/** samples/thumbnails/: what the console shows of the samples, which together are heavier than all else of it. */
export async function drawThumbnails() {
  mkdirSync(join(SAMPLES, 'thumbnails'), { recursive: true });
  for (const folder of ['.', 'photos']) {
    for (const name of readdirSync(join(SAMPLES, folder)).filter((each) => /\.(jpg|png|webp)$/.test(each))) {
      const path = join(folder, name).replaceAll('/', '-');
      await sharp(join(SAMPLES, folder, name))
        .rotate()
        .resize(SIDE, SIDE, { fit: 'cover' })
        .webp({ quality: 70 })
        .toFile(join(SAMPLES, 'thumbnails', `${path}.webp`));
    }
  }
}
