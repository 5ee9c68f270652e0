import { AllRefusedError, type EyrieError, eventLoopShare, type InferenceInput, invalidField } from '#core';
import { CellFault, type Column, type Element } from './column';
import type { Cell } from './feature';
import type { Table } from './table';

/** One row as somebody has sent it. */
export interface SentRow {
  /** Without names, the values are in the order of the features. */
  names?: readonly string[];
  values: readonly Cell[];
  /** Where it stands in the body, for messages: `features`, `items[3].features`. */
  path: string;
}

/** The first row of a table as it was sent, which another version may be asked as well, whatever its columns. */
export interface FirstRow {
  names: readonly string[];
  values: readonly Cell[];
  /** The values are those of a CSV, where a number is a text, too. */
  areTexts: boolean;
}

export interface TableInput extends InferenceInput {
  first: FirstRow;
}

/** Cells that are read at once: a fraction of a millisecond. */
const CELLS_AT_ONCE = 2048;
const NAMES_SHOWN = 20;

/** Reads rows that come with names or in order; the wrong ones are refused alone. */
export class RowReader {
  private readonly placeOf: ReadonlyMap<string, number>;
  /** Of each feature: the last row that has had it. */
  private readonly given: Uint32Array;
  private row = 0;

  /** The first row that was taken. */
  first: FirstRow | undefined;

  /** @param element makes of a cell what its column takes */
  constructor(
    private readonly columns: readonly Column[],
    private readonly table: Table,
    private readonly element: (column: Column, cell: Cell) => Element | CellFault = (column, cell) =>
      column.element(cell),
  ) {
    this.placeOf = new Map(columns.map(({ name }, i) => [name, i]));
    this.given = new Uint32Array(columns.length);
  }

  /** @returns what is wrong with the row, which is not among those of the table then */
  read(row: SentRow): EyrieError | undefined {
    this.table.begin();
    const error = row.names ? this.readNamed(row.names, row) : this.readOrdered(row);
    if (error) return error;
    this.table.keep();
    this.first ??= { names: row.names ?? this.columns.map(({ name }) => name), values: row.values, areTexts: false };
    return undefined;
  }

  private readOrdered({ values, path }: SentRow): EyrieError | undefined {
    const { columns } = this;
    if (values.length !== columns.length) {
      const detail = `must have ${columns.length} values, for ${namesOf(columns)} in this order; it has ${values.length}`;
      return invalidField(path, detail);
    }
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      const element = this.element(column, values[i]!);
      if (element instanceof CellFault) return invalidField(`${path}[${i}] ("${column.name}")`, element.detail);
      this.table.set(i, element);
    }
    return undefined;
  }

  private readNamed(names: readonly string[], { values, path }: SentRow): EyrieError | undefined {
    const { columns, given } = this;
    const row = ++this.row;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      const place = this.placeOf.get(name);
      if (place === undefined) {
        return invalidField(fieldOf(path, name), `is no feature of the model; it has ${namesOf(columns)}`);
      }
      if (given[place] === row) return invalidField(fieldOf(path, name), 'is given more than once');
      given[place] = row;
      const element = this.element(columns[place]!, values[i]!);
      if (element instanceof CellFault) return invalidField(fieldOf(path, name), element.detail);
      this.table.set(place, element);
    }
    for (let place = 0; place < columns.length; place++) {
      if (given[place] === row) continue;
      const column = columns[place]!;
      const element = column.element(null);
      if (element instanceof CellFault) return invalidField(fieldOf(path, column.name), element.detail);
      this.table.set(place, element);
    }
    return undefined;
  }
}

/**
 * Reads all rows, with time for others in between.
 * @param rows an error in the place of one that could not be received
 * @throws EyrieError what is wrong with the only row; AllRefusedError where all of several are wrong
 */
export async function readRows(
  rows: readonly (SentRow | EyrieError)[],
  columns: readonly Column[],
  table: Table,
  params: object,
): Promise<TableInput> {
  const reader = new RowReader(columns, table);
  const refused = new Map<number, EyrieError>();
  const atOnce = Math.max(1, Math.floor(CELLS_AT_ONCE / columns.length));
  for (let from = 0; from < rows.length; from += atOnce) {
    await eventLoopShare.turn();
    eventLoopShare.spend(() => {
      rows.slice(from, from + atOnce).forEach((row, i) => {
        const error = row instanceof Error ? row : reader.read(row);
        if (error) refused.set(from + i, error);
      });
    });
  }
  const [only] = refused.values();
  if (only && rows.length === 1) throw only;
  return tableInput(table, params, refused, reader.first);
}

/** @throws AllRefusedError where the table has no row */
export function tableInput(
  table: Table,
  params: object,
  refused: ReadonlyMap<number, EyrieError>,
  first: FirstRow | undefined,
): TableInput {
  if (!first) throw new AllRefusedError([...refused.values()]);
  return { ...table.input(params), first, ...(refused.size > 0 && { refused }) };
}

/** For messages. */
export function namesOf(columns: readonly { name: string }[]): string {
  const names = columns.slice(0, NAMES_SHOWN).map(({ name }) => name);
  return names.join(', ') + (columns.length > NAMES_SHOWN ? `, … (${columns.length} in all)` : '');
}

function fieldOf(path: string, name: string): string {
  return `${path}.${name.slice(0, 100)}`;
}
