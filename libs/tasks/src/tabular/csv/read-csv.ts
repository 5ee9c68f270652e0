import { isUtf8 } from 'node:buffer';
import { EyrieError, eventLoopShare, invalidField } from '#core';
import { CellFault, type Column } from '../column';
import { MAX_FEATURES } from '../feature';
import { type FirstRow, namesOf, tableInput, type TableInput } from '../read-rows';
import type { Table } from '../table';
import { CsvRecords } from './csv-records';

export interface CsvOptions {
  /** More rows are refused. */
  maxRows: number;
  /** Columns that are no features and are not minded. */
  others?: readonly string[];
  /** Is told of each row that is taken: what it has in those of `others` that are there. */
  onOthers?: (texts: readonly (string | undefined)[]) => void;
}

/** What is looked through at once: a fraction of a millisecond, but for rows that are longer. */
const BYTES_AT_ONCE = 16 * 1024;
const CELLS_AT_ONCE = 1024;
const NAME_SHOWN = 100;

/**
 * Reads a CSV whose first line names the features, in any order. A row that is wrong is refused alone.
 * @throws EyrieError INVALID_REQUEST for a wrong header, for what is no CSV, for too many rows; AllRefusedError where all rows are
 *   wrong
 */
export async function readCsv(
  bytes: Buffer,
  columns: readonly Column[],
  table: Table,
  params: object,
  options: CsvOptions,
): Promise<TableInput> {
  if (!isUtf8(bytes)) throw new EyrieError('INVALID_REQUEST', 'the CSV is not UTF-8');
  const records = new CsvRecords(bytes, MAX_FEATURES + 1);
  const header = readHeader(records, columns, options.others ?? []);
  records.keepCells(header.cells);
  const rows = new CsvRows(records, header, columns, table, options.onOthers);
  const refused = new Map<number, EyrieError>();
  let row = 0;
  while (!records.isAtEnd) {
    await eventLoopShare.turn();
    eventLoopShare.spend(() => {
      const until = records.position + BYTES_AT_ONCE;
      for (let cells = 0; cells < CELLS_AT_ONCE && records.position < until && records.next(); cells += header.cells) {
        if (row === options.maxRows) throw tooMany(options.maxRows);
        const error = rows.read(row);
        if (error) refused.set(row, error);
        row++;
      }
    });
  }
  if (row === 0) throw new EyrieError('INVALID_REQUEST', 'the CSV has a header and no rows');
  return tableInput(table, params, refused, rows.first);
}

interface Header {
  cells: number;
  /** Of each feature: its cell, or -1 where there is none. */
  cellOf: readonly number[];
  /** The cells of those of the other columns that are there. */
  others: readonly number[];
}

/** @throws EyrieError INVALID_REQUEST */
function readHeader(records: CsvRecords, columns: readonly Column[], others: readonly string[]): Header {
  const shown = `name the features in its first line: ${namesOf(columns)}`;
  if (!records.next() || records.isEmpty) throw new EyrieError('INVALID_REQUEST', `the CSV has no header; ${shown}`);
  if (records.fault) throw new EyrieError('INVALID_REQUEST', `the header of the CSV ${records.fault}`);
  if (records.length > MAX_FEATURES + 1) {
    throw new EyrieError('INVALID_REQUEST', `the header of the CSV has more than ${MAX_FEATURES} columns; ${shown}`);
  }
  const names = Array.from({ length: records.length }, (_, cell) => records.text(cell));
  const placeOf = new Map(columns.map(({ name }, place) => [name, place]));
  const cellOf = columns.map(() => -1);
  const otherCells = others.map(() => -1);
  names.forEach((name, cell) => {
    const place = placeOf.get(name);
    const other = place === undefined ? others.indexOf(name) : -1;
    if (place === undefined && other < 0) throw unknownColumn(name, names, columns);
    const [found, at] = place === undefined ? [otherCells, other] : [cellOf, place];
    if (found[at] !== -1) throw invalidField(`header.${name}`, 'is there more than once');
    found[at] = cell;
  });
  columns.forEach(({ name, isOptional }, place) => {
    if (cellOf[place] === -1 && !isOptional) throw invalidField(`header.${name}`, `is missing; ${shown}`);
  });
  return { cells: names.length, cellOf, others: otherCells };
}

function unknownColumn(name: string, names: readonly string[], columns: readonly Column[]): EyrieError {
  const field = `header.${name.slice(0, NAME_SHOWN)}`;
  const separator = names.length === 1 && columns.length > 1 ? /[;\t|]/.exec(name)?.[0] : undefined;
  if (separator) {
    const said = separator === '\t' ? 'a tab' : `"${separator}"`;
    return invalidField(field, `is one column: separate them by commas, not by ${said}`);
  }
  if (name.trim() !== name && columns.some((column) => column.name === name.trim())) {
    return invalidField(field, `is no feature of the model: "${name.trim()}" is, without the space around it`);
  }
  return invalidField(field, `is no feature of the model; it has ${namesOf(columns)}`);
}

class CsvRows {
  /** The first row that was taken. */
  first: FirstRow | undefined;

  constructor(
    private readonly records: CsvRecords,
    private readonly header: Header,
    private readonly columns: readonly Column[],
    private readonly table: Table,
    private readonly onOthers: CsvOptions['onOthers'],
  ) {}

  /** @returns what is wrong with the record, which is no row of the table then */
  read(row: number): EyrieError | undefined {
    const { records, header, columns, table } = this;
    const at = `rows[${row}]`;
    if (records.fault) return invalidField(at, `${records.fault}, on line ${records.line}`);
    if (records.isEmpty && header.cells > 1) return invalidField(at, `is an empty line, line ${records.line}`);
    if (records.length !== header.cells) {
      const detail = `has ${records.length} cells, but the header has ${header.cells}; it is on line ${records.line}`;
      return invalidField(at, detail);
    }
    table.begin();
    for (let place = 0; place < columns.length; place++) {
      const cell = header.cellOf[place]!;
      const column = columns[place]!;
      const element = cell < 0 ? column.element(null) : this.element(column, cell);
      if (element instanceof CellFault) return invalidField(`${at}.${column.name}`, element.detail);
      table.set(place, element);
    }
    table.keep();
    this.first ??= this.asSent();
    this.onOthers?.(header.others.map((cell) => (cell < 0 ? undefined : records.text(cell))));
    return undefined;
  }

  private asSent(): FirstRow {
    const { columns, header, records } = this;
    const places = columns.flatMap((_, place) => (header.cellOf[place]! < 0 ? [] : place));
    return {
      names: places.map((place) => columns[place]!.name),
      values: places.map((place) => records.text(header.cellOf[place]!)),
      areTexts: true,
    };
  }

  private element(column: Column, cell: number) {
    const { records } = this;
    if (!records.isPlain(cell)) return column.elementOfText(records.text(cell));
    return column.elementOfCsv(records.bytes, records.from[cell]!, records.end[cell]!);
  }
}

function tooMany(maxRows: number): EyrieError {
  return new EyrieError('INVALID_REQUEST', `the CSV has more than ${maxRows} rows; send it in parts`);
}
