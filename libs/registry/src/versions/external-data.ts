import { open, type FileHandle } from 'node:fs/promises';
import { InvalidVersionError } from './invalid-version';

/** Which fields of a message lead to tensors; numbers as in onnx.proto3. */
interface Shape {
  [field: number]: () => Shape;
}
const TENSOR: Shape = {};
const SPARSE_TENSOR: Shape = { 1: () => TENSOR, 2: () => TENSOR };
const ATTRIBUTE: Shape = {
  5: () => TENSOR,
  6: () => GRAPH,
  10: () => TENSOR,
  11: () => GRAPH,
  22: () => SPARSE_TENSOR,
  23: () => SPARSE_TENSOR,
};
const NODE: Shape = { 5: () => ATTRIBUTE };
const GRAPH: Shape = { 1: () => NODE, 5: () => TENSOR, 15: () => SPARSE_TENSOR };
const FUNCTION: Shape = { 7: () => NODE };
const MODEL: Shape = { 7: () => GRAPH, 25: () => FUNCTION };

/** TensorProto.external_data: only tensors that lie in another file have it. */
const EXTERNAL_DATA = 13;
const DATA_LOCATION = 14;
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
/** Graphs in graphs in graphs: no real model is deeper. */
const MAX_DEPTH = 64;

/**
 * Whether weights of an ONNX file lie in other files. Reads what leads to the tensors and skips their values, so that
 * a model of gigabytes costs no memory, and the server no library for protocol buffers.
 * @throws InvalidVersionError when the file is no protobuf message, or a damaged one
 */
export async function hasExternalData(path: string, openFile: typeof open = open): Promise<boolean> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    return await walk(new FileReader(file, size), size, MODEL, 0);
  } finally {
    await file.close();
  }
}

async function walk(reader: FileReader, end: number, shape: Shape, depth: number): Promise<boolean> {
  if (depth > MAX_DEPTH) throw new InvalidVersionError(`this ONNX file nests graphs more than ${MAX_DEPTH} deep`);
  while (reader.position < end) {
    const tag = await reader.varint();
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case WIRE.varint: {
        const value = await reader.varint();
        if (shape === TENSOR && field === DATA_LOCATION && value === 1) return true;
        break;
      }
      case WIRE.fixed64:
        reader.skip(8);
        break;
      case WIRE.fixed32:
        reader.skip(4);
        break;
      case WIRE.bytes: {
        const length = await reader.varint();
        const next = reader.position + length;
        if (next > end) throw damaged();
        if (shape === TENSOR && field === EXTERNAL_DATA) return true;
        const inner = shape[field]?.();
        if (inner && (await walk(reader, next, inner, depth + 1))) return true;
        reader.position = next;
        break;
      }
      default:
        throw damaged();
    }
  }
  if (reader.position !== end) throw damaged();
  return false;
}

/** Reads single bytes through a window of the file. */
class FileReader {
  position = 0;
  private readonly window = Buffer.alloc(65_536);
  private windowStart = 0;
  private windowLength = 0;

  constructor(
    private readonly file: FileHandle,
    private readonly size: number,
  ) {}

  skip(bytes: number): void {
    this.position += bytes;
  }

  /** Up to 2^53; ten bytes at most. */
  async varint(): Promise<number> {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = await this.byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw damaged();
  }

  private async byte(): Promise<number> {
    if (this.position >= this.size) throw damaged();
    const inWindow = this.position - this.windowStart;
    if (inWindow >= 0 && inWindow < this.windowLength) {
      this.position++;
      return this.window[inWindow]!;
    }
    this.windowStart = this.position;
    this.windowLength = (await this.file.read(this.window, 0, this.window.length, this.position)).bytesRead;
    if (this.windowLength === 0) throw damaged();
    this.position++;
    return this.window[0]!;
  }
}

function damaged(): InvalidVersionError {
  return new InvalidVersionError('this is no ONNX file, or a damaged one');
}
