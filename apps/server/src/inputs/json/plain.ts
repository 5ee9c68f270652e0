import type { Request } from 'express';
import { EyrieError, invalidField } from '#core';
import { readJson } from './read-json';
import type { ArrayTaker, ObjectTaker, ValueTaker } from './takers';
import { textOf } from './text';
import type { StringSink } from './tokenizer';

/** Names that mean something else to JavaScript. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

export interface PlainLimits {
  maxBytes: number;
  maxDepth: number;
}

/** A JSON object as JSON.parse would make it. @throws EyrieError INVALID_REQUEST, UNSUPPORTED_MEDIA_TYPE */
export async function readPlainObject(req: Request, limits: PlainLimits, signal: AbortSignal): Promise<object> {
  let result: object = {};
  const value = new PlainValue('', limits.maxDepth, limits, (whole) => (result = whole as object));
  const body: ValueTaker = { field: '', wants: 'must be a JSON object', object: () => value.object() };
  await readJson(req, { maxBytes: limits.maxBytes, tooLarge: 'INVALID_REQUEST' }, body, signal);
  return result;
}

/** Makes of JSON what JSON.parse does, of so many levels at the most, for bodies that are small and whose schema is checked elsewhere. */
export class PlainValue implements ValueTaker {
  readonly wants = 'must be JSON';

  /** @param levels how many objects and arrays may still be in it @param then gets the value when it is whole */
  constructor(
    readonly field: string,
    private readonly levels: number,
    private readonly limits: PlainLimits,
    private readonly then: (value: unknown) => void,
  ) {}

  object(): ObjectTaker {
    const object: Record<string, unknown> = {};
    const inner = this.inner();
    return {
      member: (name) => {
        const field = this.field === '' ? name : `${this.field}.${name}`;
        if (FORBIDDEN.has(name)) throw invalidField(field, 'is not known here');
        return new PlainValue(field, inner, this.limits, (value) => (object[name] = value));
      },
      end: () => this.then(object),
    };
  }

  array(): ArrayTaker {
    const array: unknown[] = [];
    const inner = this.inner();
    return {
      item: () => new PlainValue(`${this.field}[${array.length}]`, inner, this.limits, (value) => array.push(value)),
      end: () => this.then(array),
    };
  }

  string(): StringSink {
    // As long as the body at the most.
    const { maxBytes } = this.limits;
    return textOf(maxBytes, () => invalidField(this.field, `must have at most ${maxBytes} bytes`), this.then);
  }

  number(value: number): void {
    this.then(value);
  }

  literal(value: boolean | null): void {
    this.then(value);
  }

  private inner(): number {
    if (this.levels > 0) return this.levels - 1;
    throw new EyrieError('INVALID_REQUEST', `the body is nested more than ${this.limits.maxDepth} levels deep`);
  }
}
