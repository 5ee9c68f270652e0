import { eventLoopShare, invalidField } from '#core';
import { DATA_TYPES, type DataType, type JsonElement, type SentElement } from './data-type';
import { checkElements, sizeOf } from './tensor-bytes';

/** A tensor beside whose description its bytes are kept, as `data-type.ts` says. */
export interface TensorValue {
  name: string;
  datatype: DataType;
  shape: readonly number[];
  data: Uint8Array;
}

/** A tensor as JSON has it, its elements row by row. */
export interface JsonTensor {
  shape: readonly number[];
  datatype: DataType;
  data: readonly JsonElement[];
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

export function toJson({ shape, datatype, data }: TensorValue): JsonTensor {
  return { shape, datatype, data: datatype === 'BYTES' ? readStrings(data) : read(data, datatype) };
}

/** The elements of a BYTES tensor. @throws RangeError where lengths and bytes do not fit */
export function readStrings(data: Uint8Array): string[] {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const strings: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32LE(at);
    if (at + 4 + length > bytes.length) throw new RangeError('a string is longer than what is left');
    strings.push(bytes.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return strings;
}

export function writeStrings(strings: readonly string[]): Uint8Array {
  const size = strings.reduce((sum, text) => sum + 4 + Buffer.byteLength(text), 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const text of strings) {
    const length = bytes.write(text, at + 4);
    bytes.writeUInt32LE(length, at);
    at += 4 + length;
  }
  return bytes;
}

function read(data: Uint8Array, datatype: Exclude<DataType, 'BYTES'>): JsonElement[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const codec = DATA_TYPES[datatype];
  return Array.from({ length: data.byteLength / codec.bytes }, (_, i) => codec.read(view, i * codec.bytes));
}

async function write(elements: NestedElements, datatype: DataType, field: string): Promise<Uint8Array> {
  if (datatype === 'BYTES') return writeStrings(await strings(elements, field));
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

async function strings(elements: NestedElements, field: string): Promise<string[]> {
  const found: string[] = [];
  await eachBlock(elements, (block) => {
    for (let i = 0; i < block.length; i++) {
      const element = block[i]!;
      if (typeof element !== 'string') throw invalidField(`${field}[${found.length}]`, 'must be a string');
      found.push(element);
    }
  });
  return found;
}

/** A block has some thousands of elements. */
async function eachBlock({ blocks }: NestedElements, then: (block: ArrayLike<SentElement>) => void): Promise<void> {
  for (const block of blocks) {
    await eventLoopShare.turn();
    eventLoopShare.spend(() => then(block));
  }
}

/** @throws EyrieError INVALID_REQUEST for what is no shape @param field names it in messages */
export function readShape({ shape, blocks }: NestedElements, field: string): number[] {
  const sizes = blocks.flatMap((block) => Array.from(block));
  const isShape =
    shape.length === 1 &&
    sizes.length <= MAX_DIMENSIONS &&
    sizes.every((size) => Number.isInteger(size) && (size as number) >= 0 && (size as number) < 2 ** 31);
  if (!isShape) throw invalidField(field, `must be a list of up to ${MAX_DIMENSIONS} whole numbers`);
  return sizes as number[];
}
