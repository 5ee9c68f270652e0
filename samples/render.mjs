// Renders samples/src/*.svg to the pictures beside this file. Run from anywhere: node samples/render.mjs
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const here = new URL('./', import.meta.url);
const path = (name) => fileURLToPath(new URL(name, here));

/** The drawings are 480 x 360 user units; `width` is the picture's width in pixels. */
const DRAWING_WIDTH = 480;
const pictures = [
  { file: 'airplane.jpg', width: 640 },
  { file: 'automobile.jpg', width: 480 },
  { file: 'bird.webp', width: 480 },
  { file: 'cat.jpg', width: 480 },
  { file: 'deer.webp', width: 480 },
  { file: 'dog.jpg', width: 480 },
  { file: 'frog.webp', width: 480 },
  { file: 'horse.jpg', width: 480 },
  { file: 'ship.png', width: 480 },
  { file: 'truck.png', width: 480 },
];

const encoders = {
  jpg: (image) => image.jpeg({ quality: 84 }),
  png: (image) => image.png({ palette: true, colours: 256, dither: 0.6, compressionLevel: 9, effort: 10 }),
  webp: (image) => image.webp({ quality: 82 }),
};

function drawing(name, width) {
  return sharp(path(`src/${name}.svg`), { density: (72 * width) / DRAWING_WIDTH }).flatten({ background: '#fff' });
}

async function save(image, file) {
  const extension = file.split('.').pop();
  const { width, height, size } = await encoders[extension](image).toFile(path(file));
  console.log(`${file.padEnd(16)} ${width} x ${height}  ${(size / 1024).toFixed(0)} KiB`);
}

for (const { file, width } of pictures) {
  await save(drawing(file.split('.')[0], width), file);
}

// A phone held sideways stores the pixels lying on their side and says so in EXIF: orientation 6 asks the reader
// to turn the picture clockwise by a quarter.
await save(drawing('ship', 640).rotate(-90).withMetadata({ orientation: 6 }), 'phone.jpg');
