import { KERNELS } from './kernels';
import type { Pixels } from './pixels';

/** For each pixel of an output axis, the source pixels that it is made of and their weights. */
export interface Taps {
  count: number;
  /** First source pixel of each. */
  first: Int32Array;
  /** Source pixels of each. */
  length: Int32Array;
  /** Fixed point, PRECISION_BITS after the point; those of pixel i begin at i * stride. */
  weights: Int32Array;
  stride: number;
}

export const PRECISION_BITS = 22;

/** What is compiled from libs/tasks/wasm/convolve.ts, where the parameters are described. */
interface Kernels {
  convolveRow(source: number, spans: number, weights: number, stride: number, target: number, count: number): void;
  addRows(rows: number, weights: number, pairs: number, target: number, length: number): void;
}

interface Memory {
  readonly buffer: ArrayBuffer;
  /** By so many pages. */
  grow(by: number): number;
}

// Part of Node, but of no type library save that of browsers.
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => Memory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: { env: { memory: Memory } }) => { exports: unknown };
};

const PAGE_BYTES = 65_536;
/** Bytes that one instruction takes; rows are this far apart, and that much longer than what is in them. */
const STEP = 16;
const LOWER_BITS = 15;
const LOWER_MASK = (1 << LOWER_BITS) - 1;
/** Two weights, each as two numbers of 16 bits. */
const BYTES_OF_PAIR = 8;

const memory = new WebAssembly.Memory({ initial: 1 });
const compiled = new WebAssembly.Module(KERNELS);
const kernels = new WebAssembly.Instance(compiled, { env: { memory } }).exports as Kernels;

/**
 * First every row across, rounded to bytes, then the rows down, rounded again. Of the rows between the passes only as many
 * are kept as one output row is made of.
 * @returns down.count * across.count * 3 bytes
 */
export function convolve(source: Pixels, across: Taps, down: Taps): Uint8Array {
  const left = across.first[0]!;
  const right = across.first.at(-1)! + across.length.at(-1)!;
  const rowBytes = across.count * 3;
  const rowStride = inSteps(rowBytes) + STEP;
  const acrossPairs = pairsOf(across.stride);
  const downPairs = pairsOf(down.stride);
  const keptRows = 2 * downPairs;

  const room = new Room();
  const sourceRow = room.take((right - left) * 3);
  const spans = room.take(across.count * 8);
  const acrossWeights = room.take(across.count * acrossPairs * BYTES_OF_PAIR);
  const addresses = room.take(keptRows * 4);
  const downWeights = room.take(downPairs * BYTES_OF_PAIR);
  const between = room.take(keptRows * rowStride);
  const target = room.take(down.count * rowBytes);
  const { bytes, words, longs } = room.open();

  for (let i = 0; i < across.count; i++) {
    longs[spans / 4 + 2 * i] = (across.first[i]! - left) * 3;
    longs[spans / 4 + 2 * i + 1] = pairsOf(across.length[i]!);
    writePairs(words, acrossWeights + i * acrossPairs * BYTES_OF_PAIR, across, i);
  }
  let next = down.first[0]!;
  for (let i = 0; i < down.count; i++) {
    const first = down.first[i]!;
    for (const end = first + down.length[i]!; next < end; next++) {
      const start = next * source.width;
      bytes.set(source.data.subarray((start + left) * 3, (start + right) * 3), sourceRow);
      const row = between + (next % keptRows) * rowStride;
      kernels.convolveRow(sourceRow, spans, acrossWeights, acrossPairs * BYTES_OF_PAIR, row, across.count);
    }
    const pairs = pairsOf(down.length[i]!);
    for (let tap = 0; tap < 2 * pairs; tap++) {
      longs[addresses / 4 + tap] = between + ((first + tap) % keptRows) * rowStride;
    }
    writePairs(words, downWeights, down, i);
    kernels.addRows(addresses, downWeights, pairs, target + i * rowBytes, rowBytes);
  }
  return bytes.slice(target, target + down.count * rowBytes);
}

/** The weights of one output pixel, as the kernels take them; of an odd number the last one has a neighbour of 0. */
function writePairs(words: Int16Array, address: number, { weights, stride, length }: Taps, pixel: number): void {
  let to = address / 2;
  const end = pixel * stride + length[pixel]!;
  for (let tap = pixel * stride; tap < end; tap += 2, to += 4) {
    const a = weights[tap]!;
    const b = tap + 1 < end ? weights[tap + 1]! : 0;
    words[to] = a >> LOWER_BITS;
    words[to + 1] = b >> LOWER_BITS;
    words[to + 2] = a & LOWER_MASK;
    words[to + 3] = b & LOWER_MASK;
  }
}

/** Lays out what one image needs in the memory of the kernels, which grows when it has to and is used again. */
class Room {
  private end = 0;

  /** @returns an address that is a multiple of STEP, with `length` bytes behind it and STEP more that may be touched. */
  take(length: number): number {
    const address = this.end;
    this.end += inSteps(length) + STEP;
    return address;
  }

  open(): { bytes: Uint8Array; words: Int16Array; longs: Int32Array } {
    const missing = this.end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    const { buffer } = memory;
    return { bytes: new Uint8Array(buffer), words: new Int16Array(buffer), longs: new Int32Array(buffer) };
  }
}

function inSteps(length: number): number {
  return Math.ceil(length / STEP) * STEP;
}

function pairsOf(taps: number): number {
  return Math.ceil(taps / 2);
}
