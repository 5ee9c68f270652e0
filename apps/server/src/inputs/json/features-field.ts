import { invalidField } from '#core';
import type { SentRow } from '../source';
import type { Allowance } from './allowance';
import type { ArrayTaker, ObjectTaker, ValueTaker } from './takers';
import { Text } from './text';
import type { StringSink } from './tokenizer';

/** More than any table has that is asked by JSON. */
const MAX_FEATURES = 10_000;
/** What is counted of the allowance for a value beside its text: as it is kept. */
const VALUE_BYTES = 32;

/** `{"name": value, …}` or `[value, …]`: one row of a table. */
export class FeaturesField implements ValueTaker {
  readonly wants = 'must be an object with a value for each feature, or a list of values in their order';

  constructor(
    readonly field: string,
    private readonly allowance: Allowance,
    private readonly then: (row: SentRow) => void,
  ) {}

  object(): ObjectTaker {
    const names: string[] = [];
    const cells = new Cells(this.field, this.allowance);
    return {
      member: (name) => {
        this.allowance.spend(2 * name.length);
        names.push(name);
        return cells.next(`${this.field}.${name}`);
      },
      end: () => this.then({ names, values: cells.values, path: this.field }),
    };
  }

  array(): ArrayTaker {
    const cells = new Cells(this.field, this.allowance);
    return {
      item: () => cells.next(undefined),
      end: () => this.then({ values: cells.values, path: this.field }),
    };
  }
}

/** The values of one row. */
class Cells implements ValueTaker {
  readonly wants = 'must be a number, a text, true, false or null';
  readonly values: (number | string | boolean | null)[] = [];
  private name: string | undefined;
  private text: Text | undefined;

  constructor(
    private readonly row: string,
    private readonly allowance: Allowance,
  ) {}

  get field(): string {
    return this.name ?? `${this.row}[${this.values.length}]`;
  }

  /** @param name of the field, where it is not told by its place */
  next(name: string | undefined): ValueTaker {
    if (this.values.length === MAX_FEATURES) throw invalidField(this.row, `has more than ${MAX_FEATURES} values`);
    this.allowance.spend(VALUE_BYTES);
    this.name = name;
    return this;
  }

  number(value: number): void {
    this.values.push(value);
  }

  literal(value: boolean | null): void {
    this.values.push(value);
  }

  string(): StringSink {
    this.text ??= new Text(
      (_, added) => this.allowance.spend(added),
      (text) => this.values.push(text),
    );
    return this.text.clear();
  }
}
