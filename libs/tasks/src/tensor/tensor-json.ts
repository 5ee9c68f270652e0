import { invalidField } from '#core';
import { DATA_TYPES, type DataType, type JsonElement } from './data-type';

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

/** What a nested list may hold; more is a mistake, or meant to hurt. */
const MAX_DIMENSIONS = 16;

/**
 * Reads nested lists, whose shape is that of the nesting, or `{"shape", "data", "datatype"?}`, whose data may be nested or flat.
 * @param field names it in messages
 * @param datatype what the graph wants
 * @throws EyrieError INVALID_REQUEST
 */
export function readTensor(name: string, json: unknown, datatype: DataType, field: string): TensorValue {
  if (!isObject(json)) {
    const { shape, elements } = flatten(json, field);
    return { name, datatype, shape, data: write(elements, datatype, field) };
  }
  const unknown = Object.keys(json).find((key) => !['shape', 'datatype', 'data'].includes(key));
  if (unknown !== undefined)
    throw invalidField(`${field}.${unknown}`, 'is not known here; known are shape, datatype, data');
  if (json.datatype !== undefined && json.datatype !== datatype) {
    throw invalidField(`${field}.datatype`, `must be ${datatype}, as the model has it`);
  }
  const { elements } = flatten(json.data, `${field}.data`);
  const shape = readShape(json.shape, `${field}.shape`);
  const count = shape.reduce((product, size) => product * size, 1);
  if (elements.length !== count) {
    throw invalidField(
      `${field}.data`,
      `has ${elements.length} elements, but the shape [${shape.join(', ')}] has ${count}`,
    );
  }
  return { name, datatype, shape, data: write(elements, datatype, `${field}.data`) };
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
  return Buffer.concat(
    strings.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

function read(data: Uint8Array, datatype: Exclude<DataType, 'BYTES'>): JsonElement[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const codec = DATA_TYPES[datatype];
  return Array.from({ length: data.byteLength / codec.bytes }, (_, i) => codec.read(view, i * codec.bytes));
}

function write(elements: readonly unknown[], datatype: DataType, field: string): Uint8Array {
  if (datatype === 'BYTES') {
    const wrong = elements.findIndex((element) => typeof element !== 'string');
    if (wrong >= 0) throw invalidField(`${field}[${wrong}]`, 'must be a string');
    return writeStrings(elements as string[]);
  }
  const codec = DATA_TYPES[datatype];
  const data = new Uint8Array(elements.length * codec.bytes);
  const view = new DataView(data.buffer);
  elements.forEach((element, i) => {
    const value = codec.accepts(element);
    if (value === undefined) throw invalidField(`${field}[${i}]`, `must be ${codec.wants}; it is counted row by row`);
    codec.write(view, i * codec.bytes, value);
  });
  return data;
}

/** Row by row. @throws EyrieError INVALID_REQUEST for rows of different lengths */
function flatten(json: unknown, field: string): { shape: number[]; elements: unknown[] } {
  const shape: number[] = [];
  let elements: unknown[] = [json];
  while (elements.some(Array.isArray)) {
    if (shape.length === MAX_DIMENSIONS) throw invalidField(field, `has more than ${MAX_DIMENSIONS} dimensions`);
    const [first] = elements as unknown[][];
    const length = Array.isArray(first) ? first.length : -1;
    if (!elements.every((row) => Array.isArray(row) && row.length === length)) {
      throw invalidField(field, `is ragged: lists ${shape.length + 1} deep have different lengths`);
    }
    shape.push(length);
    elements = (elements as unknown[][]).flat();
  }
  return { shape, elements };
}

function readShape(json: unknown, field: string): number[] {
  const isShape =
    Array.isArray(json) &&
    json.length <= MAX_DIMENSIONS &&
    json.every((size) => Number.isInteger(size) && (size as number) >= 0 && (size as number) < 2 ** 31);
  if (!isShape) throw invalidField(field, `must be a list of up to ${MAX_DIMENSIONS} whole numbers`);
  return json as number[];
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
