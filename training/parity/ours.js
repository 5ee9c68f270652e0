#!/usr/bin/env node
/*
 * What the server's own code makes of the images: its compiled decode.js and preprocess.js, as a worker calls them.
 *
 *     npm run build && node training/parity/ours.js .cache/parity [folder of the compiled code]
 *
 * Writes <cache>/ours-<spec>.f32, N x 3 x height x width, NaN where the image is refused.
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { join, resolve } = require('node:path');

const [cache, compiled = join(__dirname, '../../dist/libs/tasks/src/image-classification/worker/image')] =
  process.argv.slice(2);
if (!cache) {
  console.error('usage: node training/parity/ours.js CACHE [COMPILED]');
  process.exit(2);
}
const { decodeImage } = require(resolve(compiled, 'decode.js'));
const { preprocess } = require(resolve(compiled, 'preprocess.js'));

const index = JSON.parse(readFileSync(join(cache, 'images/index.json'), 'utf8'));
const specs = JSON.parse(readFileSync(join(__dirname, 'specs.json'), 'utf8'));

async function main() {
  const tensors = Object.entries(specs).map(([name, spec]) => {
    const size = 3 * spec.width * spec.height;
    return { name, spec, size, data: new Float32Array(index.length * size).fill(NaN) };
  });
  for (const [i, { file, kind }] of index.entries()) {
    try {
      const bytes = readFileSync(join(cache, 'images', file));
      for (const { spec, size, data } of tensors) {
        preprocess(await decodeImage(bytes, { maxPixels: 100_000_000 }, spec), spec, data, i * size);
      }
    } catch (error) {
      console.log(`${file} (${kind}): ${error.message}`);
    }
  }
  for (const { name, data } of tensors) writeFileSync(join(cache, `ours-${name}.f32`), data);
}

void main();
