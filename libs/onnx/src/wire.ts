import { OnnxFormatError } from './model';

/**
 * Messages of protocol buffers as they lie in a file (https://protobuf.dev/programming-guides/encoding/): one changes a field of
 * them and all others stay as they are, those that nobody here knows, too.
 */
export interface WireField {
  number: number;
  type: number;
  /** Tag and length included. */
  raw: Uint8Array;
  /** Of a field of bytes. */
  content: Uint8Array;
}

export const BYTES = 2;
const VARINT = 0;
const FIXED64 = 1;
const FIXED32 = 5;
const NOTHING = new Uint8Array();

/** @throws OnnxFormatError when it is no message */
export function* fieldsOf(message: Uint8Array): Generator<WireField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = message[at++];
      if (byte === undefined) break;
      if (i < 5) value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value % 2 ** 32;
    }
    throw damaged();
  };
  while (at < message.length) {
    const start = at;
    const tag = varint();
    const type = tag % 8;
    let content: Uint8Array = NOTHING;
    if (type === VARINT) varint();
    else if (type === FIXED64) at += 8;
    else if (type === FIXED32) at += 4;
    else if (type === BYTES) {
      const length = varint();
      content = message.subarray(at, at + length);
      at += length;
    } else throw damaged();
    if (at > message.length) throw damaged();
    yield { number: Math.floor(tag / 8), type, raw: message.subarray(start, at), content };
  }
}

/** Parts of a message that is being written: nothing is copied until it is written out. */
export type Parts = readonly Uint8Array[];

export function lengthOf(parts: Parts): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** A field of bytes that holds the parts. */
export function bytesField(number: number, parts: Parts): Parts {
  return [Uint8Array.from([...varintOf(number * 8 + BYTES), ...varintOf(lengthOf(parts))]), ...parts];
}

function varintOf(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return [...bytes, value];
}

function damaged(): OnnxFormatError {
  return new OnnxFormatError('this is no ONNX file, or a damaged one');
}
