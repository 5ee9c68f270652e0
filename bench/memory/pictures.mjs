// What comes in where anybody may upload: mostly pictures as web pages have them, some as cameras make them.
import { encoded } from '../inputs/photo.mjs';

const jpeg = (image) => image.jpeg({ quality: 85 });
const png = (image) => image.png();
const webp = (image) => image.webp({ quality: 80 });

/** [pixels wide, pixels high, how to encode, media type, of 100 pictures so many] */
const MIX = [
  [32, 32, png, 'image/png', 15],
  [160, 120, jpeg, 'image/jpeg', 15],
  [320, 213, webp, 'image/webp', 10],
  [480, 640, jpeg, 'image/jpeg', 15],
  [640, 425, webp, 'image/webp', 10],
  [512, 512, png, 'image/png', 8],
  [1024, 768, jpeg, 'image/jpeg', 12],
  [800, 1200, webp, 'image/webp', 5],
  [1600, 1067, jpeg, 'image/jpeg', 6],
  [1280, 853, png, 'image/png', 2],
  [4000, 3000, jpeg, 'image/jpeg', 2],
];

/** A hundred pictures, kinds interleaved, always in the same order: `{ type, bytes }`. */
export async function pictures() {
  const kinds = await Promise.all(
    MIX.map(async ([width, height, encode, type, share]) => ({
      picture: { type, bytes: await encoded(width, height, encode) },
      share,
    })),
  );
  // Each kind's pictures are spread evenly over the hundred.
  return kinds
    .flatMap(({ picture, share }) => Array.from({ length: share }, (_, i) => ({ picture, at: (i + 0.5) / share })))
    .sort((a, b) => a.at - b.at)
    .map(({ picture }) => picture);
}
