import { exactDecimal } from '#core';
import type { Cell, FeatureSpec } from './feature';
import type { ElementType, Port } from './ports';

/** What an input of the graph gets for a cell: a number, also for an integer and for true and false; or a text. */
export type Element = number | string;

/** What is wrong with a cell, as a sentence goes on after the name of the field. */
export class CellFault {
  constructor(readonly detail: string) {}
}

const LARGEST_FLOAT32 = 3.4028234663852886e38;
const INT32 = 2 ** 31;
const VALUES_SHOWN = 10;

/** RFC 8259 knows fewer ways to write a number than programs that write CSV. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NOT_FINITE = /^[+-]?(?:nan|inf(?:inity)?)$/i;
const YES_OR_NO: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'True', 'TRUE', '1'].map((text) => [text, true] as const),
  ...['false', 'False', 'FALSE', '0'].map((text) => [text, false] as const),
]);

const MISSING = new CellFault('is missing');
const NOT_A_NUMBER = new CellFault('must be a number');
const INFINITE = new CellFault('must be a finite number; what is not known is left out, where the feature may be');
const NOT_WHOLE = new CellFault('must be a whole number');

/** Turns what is sent for one feature into an element of an input. */
export class Column {
  readonly name: string;
  private readonly places: ReadonlyMap<string, number> | undefined;
  private readonly missing: Element | CellFault;

  constructor(
    private readonly feature: FeatureSpec,
    private readonly type: ElementType,
  ) {
    this.name = feature.name;
    this.places = feature.values && new Map(feature.values.map((value, place) => [value, place]));
    const { required = true, default: given } = feature;
    if (given !== undefined) this.missing = this.element(given);
    else this.missing = required ? MISSING : type === 'string' ? '' : NaN;
  }

  /** Whether a row may have nothing for it. */
  get isOptional(): boolean {
    return !(this.missing instanceof CellFault);
  }

  /** @param cell as JSON has it; null for nothing */
  element(cell: Cell): Element | CellFault {
    if (cell === null) return this.missing;
    switch (this.feature.type) {
      case 'number':
        return typeof cell === 'number' ? this.number(cell) : NOT_A_NUMBER;
      case 'boolean':
        return typeof cell === 'boolean' ? Number(cell) : new CellFault('must be true or false');
      case 'category':
        return typeof cell === 'string' ? this.category(cell) : new CellFault('must be a text');
    }
  }

  /** @param bytes of a CSV: the cell's are those from `from` to `end`; nothing is in it where there are none */
  elementOfCsv(bytes: Buffer, from: number, end: number): Element | CellFault {
    if (from === end) return this.missing;
    if (this.feature.type === 'number') {
      const simple = exactDecimal(bytes, from, end);
      return simple === undefined ? this.numberOfText(bytes.toString('utf8', from, end).trim()) : this.number(simple);
    }
    return this.elementOfText(bytes.toString('utf8', from, end));
  }

  /** A cell of a CSV that has been taken out of its quotation marks. */
  elementOfText(text: string): Element | CellFault {
    if (text === '') return this.missing;
    if (this.feature.type === 'number') return this.numberOfText(text.trim());
    if (this.feature.type === 'category') return this.category(text);
    const yes = YES_OR_NO.get(text.trim());
    return yes === undefined ? new CellFault('must be true or false') : Number(yes);
  }

  private numberOfText(text: string): Element | CellFault {
    if (text === '') return this.missing;
    if (NOT_FINITE.test(text)) return INFINITE;
    return DECIMAL.test(text) ? this.number(Number(text)) : NOT_A_NUMBER;
  }

  private number(value: number): Element | CellFault {
    if (!Number.isFinite(value)) return INFINITE;
    switch (this.type) {
      case 'float32':
        return Math.abs(value) <= LARGEST_FLOAT32
          ? value
          : new CellFault('is too large for the model, which takes float32');
      case 'int64':
        return Number.isSafeInteger(value) ? value : NOT_WHOLE;
      case 'int32':
        return Number.isInteger(value) && value >= -INT32 && value < INT32 ? value : NOT_WHOLE;
      case 'bool':
        return value === 0 || value === 1 ? value : new CellFault('must be 0 or 1');
      default:
        return value;
    }
  }

  private category(text: string): Element | CellFault {
    if (!this.places) return text;
    const place = this.places.get(text);
    if (place === undefined) return new CellFault(`must be one of ${this.shownValues()}`);
    return this.type === 'string' ? text : place;
  }

  private shownValues(): string {
    const values = [...this.places!.keys()];
    return values.slice(0, VALUES_SHOWN).join(', ') + (values.length > VALUES_SHOWN ? ', …' : '');
  }
}

/** One for each feature, in their order. */
export function columnsOf(features: readonly FeatureSpec[], ports: readonly Port[]): Column[] {
  const types = new Map(ports.flatMap(({ type, features: columns }) => columns.map((i) => [i, type] as const)));
  return features.map((feature, i) => new Column(feature, types.get(i)!));
}
