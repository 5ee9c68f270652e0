import { eventLoopShare, invalidField } from '#core';
import { DATA_TYPES, type DataType, type SentElement } from './data-type';
import { checkElements, sizeOf } from './tensor-bytes';

/** A tensor beside whose description its bytes are kept, as `data-type.ts` says. */
export interface TensorValue {
  name: string;
  datatype: DataType;
  shape: readonly number[];
  data: Uint8Array;
}

/** Elements in nested lists of the same lengths. */
export interface NestedElements {
  /** As the lists are nested; empty for a single element. */
  shape: readonly number[];
  length: number;
  /** The elements row by row, some at a time. */
  blocks: readonly ArrayLike<SentElement>[];
}

/**
 * A tensor as somebody has sent it: nested lists, a list of any nesting with its shape beside it, or bytes, as `data-type.ts`
 * says, with their shape.
 */
export interface SentTensor {
  data: NestedElements | Uint8Array;
  shape?: NestedElements;
  datatype?: string;
}

/** More is a mistake, or meant to hurt. */
const MAX_DIMENSIONS = 16;

/**
 * Makes a tensor of what was sent. Large ones take their time, so others have theirs meanwhile.
 * @param field names it in messages
 * @param datatype what the graph wants
 * @throws EyrieError INVALID_REQUEST
 */
export async function readTensor(
  name: string,
  { data, shape: given, datatype: said }: SentTensor,
  datatype: DataType,
  field: string,
): Promise<TensorValue> {
  if (said !== undefined && said !== datatype) {
    throw invalidField(`${field}.datatype`, `must be ${datatype}, as the model has it`);
  }
  if (!given) {
    if (data instanceof Uint8Array) throw invalidField(`${field}.shape`, 'is missing');
    return { name, datatype, shape: data.shape, data: await write(data, datatype, field) };
  }
  const shape = readShape(given, `${field}.shape`);
  const count = sizeOf(shape);
  if (data instanceof Uint8Array) {
    await checkElements(data, datatype, shape, field);
    return { name, datatype, shape, data };
  }
  if (data.length !== count) {
    throw invalidField(
      `${field}.data`,
      `has ${data.length} elements, but the shape [${shape.join(', ')}] has ${count}`,
    );
  }
  return { name, datatype, shape, data: await write(data, datatype, `${field}.data`) };
}

/** Of their elements, together. */
export function bytesOf(tensors: readonly TensorValue[]): number {
  return tensors.reduce((sum, { data }) => sum + data.length, 0);
}

/** The elements of a BYTES tensor. @throws RangeError where lengths and bytes do not fit */
export function readStrings(data: Uint8Array): string[] {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const strings: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const [text, next] = stringAt(bytes, at);
    strings.push(text);
    at = next;
  }
  return strings;
}

/** One of them, and where the next one begins. @throws as `readStrings` */
export function stringAt(bytes: Buffer, at: number): [text: string, next: number] {
  const next = at + 4 + bytes.readUInt32LE(at);
  if (next > bytes.length) throw new RangeError('a string is longer than what is left');
  return [bytes.toString('utf8', at + 4, next), next];
}

export function writeStrings(strings: readonly string[]): Uint8Array {
  const size = strings.reduce((sum, text) => sum + 4 + Buffer.byteLength(text), 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const text of strings) at = writeString(bytes, at, text);
  return bytes;
}

async function write(elements: NestedElements, datatype: DataType, field: string): Promise<Uint8Array> {
  if (datatype === 'BYTES') return writeElements(elements, field);
  const codec = DATA_TYPES[datatype];
  const data = new Uint8Array(elements.length * codec.bytes);
  const view = new DataView(data.buffer);
  let at = 0;
  await eachBlock(elements, (block) => {
    for (let i = 0; i < block.length; i++, at++) {
      const value = codec.accepts(block[i]);
      if (value === undefined) {
        throw invalidField(`${field}[${at}]`, `must be ${codec.wants}; it is counted row by row`);
      }
      codec.write(view, at * codec.bytes, value);
    }
  });
  return data;
}

async function writeElements(elements: NestedElements, field: string): Promise<Uint8Array> {
  let size = 0;
  let index = 0;
  await eachBlock(elements, (block) => {
    for (let i = 0; i < block.length; i++, index++) {
      const element = block[i]!;
      if (typeof element !== 'string') throw invalidField(`${field}[${index}]`, 'must be a string');
      size += 4 + Buffer.byteLength(element);
    }
  });
  const bytes = Buffer.allocUnsafeSlow(size);
  let at = 0;
  await eachBlock(elements, (block) => {
    for (let i = 0; i < block.length; i++) at = writeString(bytes, at, block[i] as string);
  });
  return bytes;
}

/** @returns where the next one begins */
function writeString(bytes: Buffer, at: number, text: string): number {
  const length = bytes.write(text, at + 4);
  bytes.writeUInt32LE(length, at);
  return at + 4 + length;
}

/** A block has some thousands of elements. */
async function eachBlock({ blocks }: NestedElements, then: (block: ArrayLike<SentElement>) => void): Promise<void> {
  for (const block of blocks) {
    await eventLoopShare.turn();
    eventLoopShare.spend(() => then(block));
  }
}

/** @throws EyrieError INVALID_REQUEST for what is no shape @param field names it in messages */
export function readShape({ shape, length, blocks }: NestedElements, field: string): number[] {
  const isList = shape.length === 1 && length <= MAX_DIMENSIONS;
  const sizes = isList ? blocks.flatMap((block) => Array.from(block)) : [];
  const isShape =
    isList && sizes.every((size) => Number.isInteger(size) && (size as number) >= 0 && (size as number) < 2 ** 31);
  if (!isShape) throw invalidField(field, `must be a list of up to ${MAX_DIMENSIONS} whole numbers`);
  return sizes as number[];
}
