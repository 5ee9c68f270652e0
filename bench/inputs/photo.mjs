// Pictures that cost what photographs cost: their detail falls with its size as that of natural scenes does (1/f), and
// brightness varies more than colour. The same size and seed give the same pixels.
import sharp from 'sharp';
import { randomSource } from '../models/random.mjs';

/** Side of the coarsest cells, in pixels; the finest are 2. */
const COARSEST = 256;
/** How far values reach to either side of the middle, at the coarsest. */
const CONTRAST = 60;
/** What is left of it from one cell size to half of it. */
const FALL = 0.72;
/** How much of it is in each channel alone. */
const COLOUR = 0.25;

/** RGB, three bytes a pixel: coarse noise, enlarged again and again with finer noise added. */
async function photo(width, height, seed) {
  const next = randomSource(seed);
  let columns = Math.ceil(width / COARSEST);
  let rows = Math.ceil(height / COARSEST);
  let pixels = new Uint8ClampedArray(columns * rows * 3).fill(128);
  for (let cell = COARSEST, reach = CONTRAST; cell >= 2; cell /= 2, reach *= FALL) {
    addNoise(pixels, reach, next);
    const larger = { width: columns * 2, height: rows * 2 };
    pixels = await enlarge(pixels, { width: columns, height: rows }, larger);
    ({ width: columns, height: rows } = larger);
  }
  return sharp(pixels, { raw: { width: columns, height: rows, channels: 3 } })
    .extract({ left: 0, top: 0, width, height })
    .raw()
    .toBuffer();
}

function addNoise(pixels, reach, next) {
  for (let i = 0; i < pixels.length; i += 3) {
    const light = reach * next();
    for (let channel = 0; channel < 3; channel++) pixels[i + channel] += light + COLOUR * reach * next();
  }
}

async function enlarge(pixels, from, to) {
  const image = sharp(pixels, { raw: { ...from, channels: 3 } }).resize({ ...to, fit: 'fill', kernel: 'cubic' });
  return new Uint8ClampedArray(await image.raw().toBuffer());
}

/** @param encoder gives a sharp image its format */
export async function encoded(width, height, encoder) {
  const pixels = await photo(width, height, width);
  return encoder(sharp(pixels, { raw: { width, height, channels: 3 } })).toBuffer();
}

const jpeg = (image) => image.jpeg({ quality: 90 });
const png = (image) => image.png();

/** What the benchmark sends, by its name in the tables. */
const INPUTS = {
  jpeg: { title: 'JPEG 640×425', type: 'image/jpeg', make: () => encoded(640, 425, jpeg) },
  large: { title: 'JPEG 4000×3000', type: 'image/jpeg', make: () => encoded(4000, 3000, jpeg) },
  png: { title: 'PNG 640×425', type: 'image/png', make: () => encoded(640, 425, png) },
  small: { title: 'PNG 32×32', type: 'image/png', make: () => encoded(32, 32, png) },
};

export const INPUT_NAMES = Object.keys(INPUTS);

const made = new Map();

/**
 * One input; it is made when it is first asked for.
 * @param {'jpeg' | 'large' | 'png' | 'small'} name
 * @returns {Promise<{ name: string, title: string, type: string, bytes: Buffer }>}
 */
export function input(name) {
  const { title, type, make } = INPUTS[name];
  if (!made.has(name)) made.set(name, make());
  return made.get(name).then((bytes) => ({ name, title, type, bytes }));
}
