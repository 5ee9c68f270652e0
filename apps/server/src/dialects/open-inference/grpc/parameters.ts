import type { Reader } from 'protobufjs/minimal';
import { invalidField } from '#core';
import { MAX_NAME_BYTES, MEANINGLESS, REFUSED_OF_TENSORS, requireContentType } from '../infer-parameters';
import { BYTES, readString, skip } from './wire';

/** A value as it was sent, of whichever type. */
export type Parameter = boolean | number | string;

/** More is a mistake, or meant to hurt. */
const MOST = 100;

/** Of the tensors of a request, or of the request itself. */
export class Parameters {
  private readonly values = new Map<string, Parameter>();

  constructor(private readonly field: string) {}

  /** One entry of the map. @throws EyrieError INVALID_REQUEST */
  add(reader: Reader): void {
    const end = reader.uint32() + reader.pos;
    let name = '';
    let value: Parameter = '';
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === ((1 << 3) | BYTES)) name = readString(reader, MAX_NAME_BYTES, `a name in ${this.field}`);
      else if (tag === ((2 << 3) | BYTES)) value = this.value(reader, name);
      else skip(reader, tag);
    }
    if (this.values.size >= MOST) throw invalidField(this.field, `has more than ${MOST} parameters`);
    this.values.set(name, value);
  }

  /** @param known what has a meaning @throws EyrieError INVALID_REQUEST for all others: they may change what all else means */
  require(known: Readonly<Record<string, (field: string, value: Parameter) => void>>, isOfTensor = true): void {
    for (const [name, value] of this.values) {
      const field = `${this.field}.${name.slice(0, 100)}`;
      const meaningless = isOfTensor ? undefined : MEANINGLESS[name];
      if (known[name]) known[name](field, value);
      else if (name === 'content_type') requireContentType(field, value);
      else if (meaningless) {
        if (!meaningless.values.includes(value)) throw invalidField(field, meaningless.wants);
      } else if (isOfTensor && REFUSED_OF_TENSORS[name]) throw invalidField(field, REFUSED_OF_TENSORS[name]);
      else {
        const all = [...Object.keys(known), 'content_type', ...(isOfTensor ? [] : Object.keys(MEANINGLESS))];
        throw invalidField(field, `is not known here; known here: ${all.join(', ')}`);
      }
    }
  }

  get(name: string): Parameter | undefined {
    return this.values.get(name);
  }

  private value(reader: Reader, name: string): Parameter {
    const end = reader.uint32() + reader.pos;
    let value: Parameter = '';
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === 1 << 3) value = reader.bool();
      else if (tag === 2 << 3) value = Number(reader.int64());
      else if (tag === ((3 << 3) | BYTES))
        value = readString(reader, MAX_NAME_BYTES, `${this.field}.${name.slice(0, 100)}`);
      else if (tag === ((4 << 3) | 1)) value = reader.double();
      else if (tag === 5 << 3) value = Number(reader.uint64());
      else skip(reader, tag);
    }
    return value;
  }
}

/** @throws EyrieError INVALID_REQUEST */
export function requireWhole(field: string, least: number, value: Parameter): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw invalidField(field, `must be a whole number of at least ${least}`);
}

/** @throws EyrieError INVALID_REQUEST */
export function requireBoolean(field: string, value: Parameter): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidField(field, 'must be true or false');
}
