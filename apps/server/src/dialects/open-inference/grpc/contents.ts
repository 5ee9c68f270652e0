import { Reader } from 'protobufjs/minimal';
import { eventLoopShare, invalidField } from '#core';
import type { Allowance } from '../../../inputs/json/allowance';
import { BYTES, skip } from './wire';

/** Bytes of varints, or elements of BYTES, that are read at once: a millisecond's work. */
const PIECE = 16 * 1024;
const ELEMENTS = 4096;
/** Elements of a packed field that are sent one by one; whoever writes proto3 packs them. */
const MOST_UNPACKED = 1000;
const FIXED64 = 1;
const FIXED32 = 5;
const VARINT = 0;

type Write = (view: DataView, at: number, low: number, high: number) => boolean;

/** Which field of InferTensorContents has the elements of a type, how they are sent, and how they are kept. */
interface Kind {
  field: number;
  name: string;
  /** Of one element, as it is kept. */
  bytes: number;
  type: number;
  /** Of a varint; false where it is out of range. Fixed ones are kept as they are sent. */
  write?: Write;
}

const int = (bytes: number, set: (view: DataView, at: number, value: number) => void, least: number, most: number) => ({
  field: 2,
  name: 'int_contents',
  bytes,
  type: VARINT,
  write: (view: DataView, at: number, low: number) => {
    set(view, at, low | 0);
    return (low | 0) >= least && (low | 0) <= most;
  },
});
const uint = (bytes: number, set: (view: DataView, at: number, value: number) => void, most: number) => ({
  field: 4,
  name: 'uint_contents',
  bytes,
  type: VARINT,
  write: (view: DataView, at: number, low: number, high: number) => {
    set(view, at, low);
    return high === 0 && low >>> 0 <= most;
  },
});
const long: Write = (view, at, low, high) => {
  view.setUint32(at, low, true);
  view.setUint32(at + 4, high, true);
  return true;
};

/** https://github.com/kserve/open-inference-protocol: FP16 and BF16 have none. */
const KINDS: Readonly<Record<string, Kind>> = {
  BOOL: {
    field: 1,
    name: 'bool_contents',
    bytes: 1,
    type: VARINT,
    write: (view, at, low, high) => {
      view.setUint8(at, low === 0 && high === 0 ? 0 : 1);
      return true;
    },
  },
  INT8: int(1, (view, at, value) => view.setInt8(at, value), -128, 127),
  INT16: int(2, (view, at, value) => view.setInt16(at, value, true), -32768, 32767),
  INT32: int(4, (view, at, value) => view.setInt32(at, value, true), -(2 ** 31), 2 ** 31 - 1),
  INT64: { field: 3, name: 'int64_contents', bytes: 8, type: VARINT, write: long },
  UINT8: uint(1, (view, at, value) => view.setUint8(at, value), 255),
  UINT16: uint(2, (view, at, value) => view.setUint16(at, value, true), 65535),
  UINT32: uint(4, (view, at, value) => view.setUint32(at, value, true), 2 ** 32 - 1),
  UINT64: { field: 5, name: 'uint64_contents', bytes: 8, type: VARINT, write: long },
  FP32: { field: 6, name: 'fp32_contents', bytes: 4, type: FIXED32 },
  FP64: { field: 7, name: 'fp64_contents', bytes: 8, type: FIXED64 },
  BYTES: { field: 8, name: 'bytes_contents', bytes: 4, type: BYTES },
};

/**
 * The elements of a tensor that are sent one by one, as the bytes in which all others are. Floating-point numbers lie in the message as
 * they are wanted; others are read some at a time, so that nobody else waits for them.
 * @param field names it in messages
 * @param allowance what all of them may take
 * @throws EyrieError INVALID_REQUEST, IMAGE_TOO_LARGE; RangeError where the message is damaged
 */
export async function readContents(
  contents: Buffer,
  datatype: string,
  field: string,
  allowance: Allowance,
): Promise<Buffer> {
  const kind = KINDS[datatype];
  if (!kind) throw invalidField(field, `has contents of ${datatype}, which is sent as raw_input_contents alone`);
  if (kind.type === BYTES) return readElements(contents, kind, field, allowance);
  const packed = segmentsOf(contents, kind, field);
  if (!kind.write) {
    const [only = Buffer.alloc(0), ...more] = packed;
    return more.length === 0 ? only : Buffer.concat(packed);
  }
  let count = 0;
  await eachPiece(packed, (bytes, from, to) => {
    for (let i = from; i < to; i++) if (bytes[i]! < 0x80) count++;
  });
  allowance.spend(count * kind.bytes);
  return readVarints(packed, kind.write, Buffer.allocUnsafe(count * kind.bytes), kind, field);
}

/** Where in the message the elements are: mostly in one piece. */
function segmentsOf(contents: Buffer, kind: Kind, field: string): Buffer[] {
  const reader = Reader.create(contents);
  const segments: Buffer[] = [];
  let unpacked = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const start = reader.pos;
    requireKind(tag, kind, field);
    if ((tag & 7) === BYTES) {
      const length = reader.uint32();
      const from = reader.pos;
      reader.skip(length);
      segments.push(contents.subarray(from, from + length));
    } else {
      skip(reader, tag);
      segments.push(contents.subarray(start, reader.pos));
    }
    unpacked++;
    if (unpacked > MOST_UNPACKED) throw invalidField(`${field}.${kind.name}`, 'must be packed, as proto3 writes it');
  }
  return segments;
}

function requireKind(tag: number, kind: Kind, field: string): void {
  const [number, type] = [tag >>> 3, tag & 7];
  if (number === kind.field && (type === BYTES || type === kind.type)) return;
  const other = Object.values(KINDS).find((each) => each.field === number)?.name ?? `field ${number}`;
  throw invalidField(field, `has ${other}; the elements of its datatype are sent as ${kind.name}`);
}

async function readVarints(
  packed: readonly Buffer[],
  write: Write,
  data: Buffer,
  kind: Kind,
  field: string,
): Promise<Buffer> {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  let [at, low, high, shift] = [0, 0, 0, 0];
  await eachPiece(packed, (bytes, from, to) => {
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      const seven = byte & 0x7f;
      if (shift < 28) low |= seven << shift;
      else if (shift === 28) {
        low |= seven << 28;
        high |= seven >>> 4;
      } else if (shift < 70) high |= seven << (shift - 32);
      else throw new RangeError('a varint is longer than ten bytes');
      shift += 7;
      if (byte >= 0x80) continue;
      if (!write(view, at, low, high)) {
        throw invalidField(`${field}.${kind.name}[${at / kind.bytes}]`, 'is out of the range of its datatype');
      }
      at += kind.bytes;
      [low, high, shift] = [0, 0, 0];
    }
  });
  if (shift > 0) throw new RangeError('a varint has no end');
  return data;
}

/** Each with its length before it. */
async function readElements(contents: Buffer, kind: Kind, field: string, allowance: Allowance): Promise<Buffer> {
  const each = async (then: (from: number, length: number) => void): Promise<void> => {
    const reader = Reader.create(contents);
    while (reader.pos < reader.len) {
      await eventLoopShare.turn();
      eventLoopShare.spend(() => {
        for (let read = 0; read < ELEMENTS && reader.pos < reader.len; read++) {
          requireKind(reader.uint32(), kind, field);
          const length = reader.uint32();
          const from = reader.pos;
          reader.skip(length);
          then(from, length);
        }
      });
    }
  };
  let size = 0;
  await each((_, length) => (size += kind.bytes + length));
  allowance.spend(size);
  const data = Buffer.allocUnsafe(size);
  let at = 0;
  await each((from, length) => {
    data.writeUInt32LE(length, at);
    contents.copy(data, at + kind.bytes, from, from + length);
    at += kind.bytes + length;
  });
  return data;
}

async function eachPiece(
  segments: readonly Buffer[],
  read: (bytes: Buffer, from: number, to: number) => void,
): Promise<void> {
  for (const segment of segments) {
    for (let from = 0; from < segment.length; from += PIECE) {
      await eventLoopShare.turn();
      eventLoopShare.spend(() => read(segment, from, Math.min(from + PIECE, segment.length)));
    }
  }
}
