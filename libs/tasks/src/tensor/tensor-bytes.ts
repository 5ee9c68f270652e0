import { isUtf8 } from 'node:buffer';
import { eventLoopShare, invalidField } from '#core';
import { DATA_TYPES, type DataType } from './data-type';

/** Looked through at once. */
const PIECE = 64 * 1024;

/** How many elements a tensor of a shape has. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Holds the bytes of a tensor against its shape and type.
 * @param field names it in messages
 * @throws EyrieError INVALID_REQUEST
 */
export async function checkElements(
  data: Uint8Array,
  datatype: DataType,
  shape: readonly number[],
  field: string,
): Promise<void> {
  const count = sizeOf(shape);
  if (datatype === 'BYTES') {
    return eachElement(data, count, field, (element, index) => {
      if (!isUtf8(element)) throw invalidField(`${field}[${index}]`, 'is not UTF-8, as the strings of a graph are');
    });
  }
  const { bytes } = DATA_TYPES[datatype];
  if (data.length !== count * bytes) {
    const needed = `the shape [${shape.join(', ')}] of ${datatype} has ${count * bytes}`;
    throw invalidField(field, `has ${data.length} bytes, but ${needed}`);
  }
  if (datatype !== 'BOOL') return;
  for (let from = 0; from < data.length; from += PIECE) {
    await eventLoopShare.turn();
    eventLoopShare.spend(() => {
      const wrong = data.subarray(from, from + PIECE).findIndex((byte) => byte > 1);
      if (wrong >= 0) throw invalidField(`${field}[${from + wrong}]`, 'must be 1 for true or 0 for false');
    });
  }
}

/** Of BYTES, so many at once. */
const BLOCK = 1024;

/**
 * Goes through the elements of a tensor of BYTES: each has its length before it, in four bytes. Many take their time, so others
 * have theirs meanwhile.
 * @param count how many there must be @param field names it in messages @throws EyrieError INVALID_REQUEST, and what `then` throws
 */
export async function eachElement(
  data: Uint8Array,
  count: number,
  field: string,
  then: (element: Uint8Array, index: number) => void,
): Promise<void> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  let index = 0;
  const readBlock = (): void => {
    for (const end = Math.min(count, index + BLOCK); index < end; index++) {
      const left = data.length - at - 4;
      if (left < 0) throw invalidField(field, `has ${index} elements, but its shape has ${count}`);
      const length = view.getUint32(at, true);
      if (length > left) {
        throw invalidField(`${field}[${index}]`, `says that it has ${length} bytes, but ${left} are left`);
      }
      then(data.subarray(at + 4, at + 4 + length), index);
      at += 4 + length;
    }
  };
  while (index < count) {
    await eventLoopShare.turn();
    eventLoopShare.spend(readBlock);
  }
  if (at < data.length) throw invalidField(field, `has ${data.length - at} bytes more than its ${count} elements`);
}
