import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InputSpec } from '../../spec';
import { decodeImage } from './decode';
import { preprocess } from './preprocess';

/*
 * Small images of many kinds, and what torchvision and Pillow make of them; training/parity/fixtures.py made both. On the
 * decoders that it was measured with, every pixel is equal. The tolerances leave room for a decoder that rounds otherwise.
 */
const MAX_MEAN = 0.1;
const MAX = 2;

interface Parity {
  inputs: Record<string, InputSpec>;
  cases: { image: string; input: string }[];
}

const folder = join(__dirname, 'fixtures');
const { inputs, cases } = JSON.parse(readFileSync(join(folder, 'parity.json'), 'utf8')) as Parity;
const expectedOfAll = readFileSync(join(folder, 'parity.bin'));

let offset = 0;
const table = cases.map(({ image, input }) => {
  const size = inputs[input]!.width * inputs[input]!.height * 3;
  const expected = expectedOfAll.subarray(offset, offset + size);
  offset += size;
  return { image, input, expected };
});

it.each(table)('$image for $input is what torchvision makes of it', async ({ image, input, expected }) => {
  const spec = inputs[input]!;
  const tensor = new Uint8Array(expected.length);
  preprocess(await decodeImage(readFileSync(join(folder, image)), { maxPixels: 1e6 }, spec), spec, tensor, 0);
  const differences = tensor.map((value, i) => Math.abs(value - expected[i]!));
  const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
  expect(mean).toBeLessThanOrEqual(MAX_MEAN);
  expect(Math.max(...differences)).toBeLessThanOrEqual(MAX);
});

it('leaves no expected pixels over', () => {
  expect(offset).toBe(expectedOfAll.length);
});
