import { EyrieError, invalidField } from '#core';
import type { ArrayTaker, ObjectTaker, ValueTaker } from './takers';
import { textOf } from './text';

/** A string of so many bytes at the most. */
export function stringField(
  field: string,
  then: (text: string) => void,
  { maxBytes, tooLong }: { maxBytes: number; tooLong?: () => EyrieError },
): ValueTaker {
  const refusal = tooLong ?? (() => invalidField(field, `must have at most ${maxBytes} bytes`));
  return { field, wants: 'must be a string', string: () => textOf(maxBytes, refusal, then) };
}

/** A list of strings, so many at the most. */
export function stringListField(
  field: string,
  then: (texts: string[]) => void,
  { maxItems, maxBytes }: { maxItems: number; maxBytes: number },
): ValueTaker {
  const texts: string[] = [];
  const items: ArrayTaker = {
    item() {
      if (texts.length === maxItems) throw invalidField(field, `must have at most ${maxItems} items`);
      return stringField(`${field}[${texts.length}]`, (text) => texts.push(text), { maxBytes });
    },
    end: () => then(texts),
  };
  return { field, wants: 'must be a list of strings', array: () => items };
}

/** Who takes a field of an object. @param field its whole path */
export type Fields = Readonly<Record<string, (field: string) => ValueTaker>>;

/** An object with these fields and no others. */
export class FieldsOf implements ObjectTaker {
  private readonly fields: ReadonlyMap<string, (field: string) => ValueTaker>;

  /** @param path with its dot: `items[3].` @param refused names that are refused in words of their own */
  constructor(
    private readonly path: string,
    fields: Fields,
    private readonly refused: Readonly<Record<string, string>> = {},
    readonly end?: () => void,
  ) {
    this.fields = new Map(Object.entries(fields));
  }

  member(name: string): ValueTaker {
    const take = this.fields.get(name);
    if (!take) throw this.unknown(name);
    return take(this.path + name);
  }

  private unknown(name: string): EyrieError {
    const field = `${this.path}${name.slice(0, 100)}`;
    const words = Object.hasOwn(this.refused, name) ? this.refused[name] : undefined;
    if (words !== undefined) return invalidField(field, words);
    const known = [...this.fields.keys()].join(', ');
    const errors = [{ field, detail: 'is not known here' }];
    return new EyrieError('INVALID_REQUEST', `unknown field "${field}"; known here: ${known}`, { errors });
  }
}
