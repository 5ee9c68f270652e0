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
/** Nodes, and the defaults of its attributes. */
const FUNCTION: Shape = { 7: () => NODE, 11: () => ATTRIBUTE };
const TRAINING: Shape = { 1: () => GRAPH, 2: () => GRAPH };
const MODEL: Shape = { 7: () => GRAPH, 20: () => TRAINING, 25: () => FUNCTION };

/** TensorProto.external_data: only tensors that lie in another file have it. */
const EXTERNAL_DATA = 13;
const DATA_LOCATION = 14;
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
/** Graphs in graphs in graphs: no real model is deeper. */
const MAX_DEPTH = 64;
const TWO_TO_32 = 2 ** 32;

/** The bytes are no protobuf message, or a damaged one. */
export class DamagedModelError extends Error {}

/**
 * Whether weights of an ONNX file lie in other files. Reads what leads to the tensors and skips their values; a worker needs no
 * library for protocol buffers. What protobuf's own readers take for a number of 32 bits is cut to that here, too, however many
 * bytes it is written in: a tag or a data_location that only looks like another one must not hide a tensor.
 * @throws DamagedModelError
 */
export function hasExternalData(bytes: Uint8Array): boolean {
  return walk(new Reader(bytes), bytes.length, MODEL, 0);
}

function walk(reader: Reader, end: number, shape: Shape, depth: number): boolean {
  if (depth > MAX_DEPTH) throw new DamagedModelError(`this ONNX file nests graphs more than ${MAX_DEPTH} deep`);
  while (reader.position < end) {
    const tag = reader.uint32();
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case WIRE.varint: {
        const value = reader.uint32();
        if (shape === TENSOR && field === DATA_LOCATION && value !== 0) return true;
        break;
      }
      case WIRE.fixed64:
        reader.position += 8;
        break;
      case WIRE.fixed32:
        reader.position += 4;
        break;
      case WIRE.bytes: {
        const length = reader.uint32();
        const next = reader.position + length;
        if (next > end) throw damaged();
        if (shape === TENSOR && field === EXTERNAL_DATA) return true;
        const inner = shape[field]?.();
        if (inner && walk(reader, next, inner, depth + 1)) return true;
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

class Reader {
  position = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** A varint of ten bytes at most, of which the lowest 32 bits count. */
  uint32(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) throw damaged();
      // What lies above bit 32 is cut off below, and above bit 53 would not be exact.
      if (i < 5) value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value % TWO_TO_32;
    }
    throw damaged();
  }
}

function damaged(): DamagedModelError {
  return new DamagedModelError('this is no ONNX file, or a damaged one');
}
