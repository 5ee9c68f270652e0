import { randomBytes, randomInt } from 'node:crypto';
import { FrameReader, frameOf } from './batch-frames';
import type { RunMessage } from './messages';

const batch = (number: number, ...sizes: number[]): RunMessage => ({
  batch: number,
  items: sizes.map((size, i) => ({ image: randomBytes(size), topK: i + 1 })),
});

const BATCHES = [batch(1, 10), batch(2, 100_000, 1, 0, 70_000), batch(3, 0), batch(4), batch(5, 3, 3, 3)];
const bytes = Buffer.concat(BATCHES.flatMap(frameOf));

/** What comes out when the bytes come in chunks of such sizes. */
function read(nextSize: () => number): RunMessage[] {
  const seen: RunMessage[] = [];
  const reader = new FrameReader((message) => seen.push(message));
  for (let at = 0; at < bytes.length;) {
    const chunk = Buffer.from(bytes.subarray(at, at + nextSize()));
    reader.push(chunk);
    at += chunk.length;
    // Whoever reads into one buffer again and again does this.
    chunk.fill(0);
  }
  return seen;
}

it.each([
  ['at once', () => bytes.length],
  ['byte by byte', () => 1],
  ['as a pipe might cut them', () => randomInt(1, 65_536)],
  ['in pieces as long as a length', () => 4],
])('batches come out as they went in, %s', (_, nextSize) => {
  const seen = read(nextSize);
  expect(seen.map((message) => message.batch)).toEqual([1, 2, 3, 4, 5]);
  seen.forEach(({ items }, i) => {
    expect(items.map(({ topK }) => topK)).toEqual(BATCHES[i]!.items.map(({ topK }) => topK));
    items.forEach(({ image }, j) => expect(Buffer.compare(image, BATCHES[i]!.items[j]!.image)).toBe(0));
  });
});

it('images are not copied to be written', () => {
  const one = batch(1, 10);
  expect(frameOf(one).at(-1)).toBe(one.items[0]!.image);
});
