import type { Reader } from 'protobufjs/minimal';
import { invalidField } from '#core';

/** Of fields with a length, as https://protobuf.dev/programming-guides/encoding/ numbers them. */
export const BYTES = 2;

/** @throws EyrieError INVALID_REQUEST for a longer one; RangeError beyond the end of the message */
export function readString(reader: Reader, mostBytes: number, field: string): string {
  const bytes = reader.bytes();
  if (bytes.length > mostBytes) throw invalidField(field, `must be at most ${mostBytes} bytes long`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** A field that is not known, or not of the type that it should be. */
export function skip(reader: Reader, tag: number): void {
  reader.skipType(tag & 7);
}

/** Of a field with a length, where it lies. */
export function view(reader: Reader): Buffer {
  const bytes = reader.bytes();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
