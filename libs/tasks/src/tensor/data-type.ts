import { fromFloat16Bits, toFloat16Bits } from '../float16';

/**
 * Data types by the names of the Open Inference Protocol V2 (https://github.com/kserve/open-inference-protocol, "Tensor Data
 * Types"), in the bytes that it gives them: little endian, row by row; BYTES as a length of four bytes before each element.
 */
export type DataType =
  | 'BOOL' | 'UINT8' | 'UINT16' | 'UINT32' | 'UINT64' | 'INT8' | 'INT16' | 'INT32' | 'INT64' | 'FP16' | 'FP32' | 'FP64' | 'BYTES'; // prettier-ignore

/** What JSON says of an element: 64-bit integers that a double cannot hold, and what is no number, are strings. */
export type JsonElement = number | string | boolean;

/** An element as it was sent: a bigint where a number was written that a double need not hold. */
export type SentElement = JsonElement | bigint;

interface Codec {
  /** As ONNX Runtime calls it. */
  onnx: string;
  /** Of one element. */
  bytes: number;
  write(view: DataView, at: number, value: SentElement): void;
  read(view: DataView, at: number): JsonElement;
  /** In words, for what is refused. */
  wants: string;
  /** The element as it will be written; undefined for what is none. */
  accepts(value: unknown): SentElement | undefined;
}

export const DATA_TYPES: Readonly<Record<Exclude<DataType, 'BYTES'>, Codec>> = {
  BOOL: {
    onnx: 'bool',
    bytes: 1,
    wants: 'true or false',
    accepts: (value) => (typeof value === 'boolean' ? value : undefined),
    write: (view, at, value) => view.setUint8(at, value ? 1 : 0),
    read: (view, at) => view.getUint8(at) !== 0,
  },
  UINT8: integer('uint8', 1, 0n, 2n ** 8n - 1n, 'setUint8', 'getUint8'),
  UINT16: integer('uint16', 2, 0n, 2n ** 16n - 1n, 'setUint16', 'getUint16'),
  UINT32: integer('uint32', 4, 0n, 2n ** 32n - 1n, 'setUint32', 'getUint32'),
  INT8: integer('int8', 1, -(2n ** 7n), 2n ** 7n - 1n, 'setInt8', 'getInt8'),
  INT16: integer('int16', 2, -(2n ** 15n), 2n ** 15n - 1n, 'setInt16', 'getInt16'),
  INT32: integer('int32', 4, -(2n ** 31n), 2n ** 31n - 1n, 'setInt32', 'getInt32'),
  UINT64: long('uint64', 0n, 2n ** 64n - 1n, 'setBigUint64', 'getBigUint64'),
  INT64: long('int64', -(2n ** 63n), 2n ** 63n - 1n, 'setBigInt64', 'getBigInt64'),
  FP16: {
    ...float('float16', 2, 'setFloat32', 'getFloat32'),
    write: (view, at, value) => view.setUint16(at, toFloat16Bits(Number(value)), true),
    read: (view, at) => jsonNumber(fromFloat16Bits(view.getUint16(at, true))),
  },
  FP32: float('float32', 4, 'setFloat32', 'getFloat32'),
  FP64: float('float64', 8, 'setFloat64', 'getFloat64'),
};

/** @param type as ONNX Runtime calls it @returns undefined for a type that cannot be sent */
export function dataTypeOf(type: string | null): DataType | undefined {
  if (type === 'string') return 'BYTES';
  const found = Object.entries(DATA_TYPES).find(([, { onnx }]) => onnx === type);
  return found?.[0] as DataType | undefined;
}

type Setter =
  'setUint8' | 'setUint16' | 'setUint32' | 'setInt8' | 'setInt16' | 'setInt32' | 'setFloat32' | 'setFloat64';
type Getter =
  'getUint8' | 'getUint16' | 'getUint32' | 'getInt8' | 'getInt16' | 'getInt32' | 'getFloat32' | 'getFloat64';

function integer(onnx: string, bytes: number, least: bigint, most: bigint, set: Setter, get: Getter): Codec {
  return {
    onnx,
    bytes,
    wants: `a whole number from ${least} to ${most}`,
    accepts: (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most ? value : undefined,
    write: (view, at, value) => view[set](at, value as number, true),
    read: (view, at) => view[get](at, true),
  };
}

function long(
  onnx: string,
  least: bigint,
  most: bigint,
  set: 'setBigInt64' | 'setBigUint64',
  get: 'getBigInt64' | 'getBigUint64',
): Codec {
  return {
    onnx,
    bytes: 8,
    wants: `a whole number from ${least} to ${most}, as a string where it is beyond 2^53`,
    accepts: (value) => {
      const isExact = typeof value === 'number' ? Number.isSafeInteger(value) : /^-?\d{1,20}$/.test(String(value));
      if (!isExact || typeof value === 'boolean') return undefined;
      const big = BigInt(value as number | bigint | string);
      return big >= least && big <= most ? big : undefined;
    },
    write: (view, at, value) => view[set](at, value as bigint, true),
    read: (view, at) => {
      const big = view[get](at, true);
      return BigInt.asIntN(54, big) === big ? Number(big) : String(big);
    },
  };
}

/** Numbers that JSON has no literal for, as protobuf's JSON mapping spells them. */
const NOT_FINITE = ['NaN', 'Infinity', '-Infinity'];

function float(onnx: string, bytes: number, set: 'setFloat32' | 'setFloat64', get: 'getFloat32' | 'getFloat64'): Codec {
  return {
    onnx,
    bytes,
    wants: 'a number, or "NaN", "Infinity" or "-Infinity"',
    accepts: (value) => {
      if (typeof value === 'number') return value;
      if (typeof value === 'bigint') return Number(value);
      return typeof value === 'string' && NOT_FINITE.includes(value) ? value : undefined;
    },
    write: (view, at, value) => view[set](at, Number(value), true),
    read: (view, at) => jsonNumber(view[get](at, true)),
  };
}

function jsonNumber(value: number): JsonElement {
  return Number.isFinite(value) ? value : String(value);
}
