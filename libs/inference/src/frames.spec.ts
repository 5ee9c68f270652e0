import { randomBytes, randomInt } from 'node:crypto';
import { FrameReader, frameOf } from './frames';
import type { RunMessage, ToWorker } from './messages';

const batch = (number: number, ...sizes: number[]): RunMessage => ({
  batch: number,
  items: sizes.map((size, i) => ({
    params: { topK: i + 1 },
    payload: i % 3 === 2 ? [randomBytes(size), randomBytes(7), randomBytes(0)] : [randomBytes(size)],
    deadline: i * 1000.5,
  })),
});

const MESSAGES: ToWorker[] = [
  batch(1, 10),
  batch(2, 100_000, 1, 0, 70_000),
  { batch: 2, cancel: 1 },
  batch(3, 0),
  batch(4),
  { batch: 1, cancel: 0 },
  batch(5, 3, 3, 3),
  { batch: 6, items: [{ params: {}, payload: [], deadline: 1 }] },
];
const bytes = Buffer.concat(MESSAGES.flatMap(frameOf));

/** What comes out when the bytes come in chunks of such sizes. */
function read(nextSize: () => number): ToWorker[] {
  const seen: ToWorker[] = [];
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
])('messages come out as they went in, and in their order, %s', (_, nextSize) => {
  expect(read(nextSize)).toEqual(MESSAGES);
});

it('payloads are not copied to be written', () => {
  const one = batch(1, 10);
  expect(frameOf(one).at(-1)).toBe(one.items[0]!.payload[0]);
});
