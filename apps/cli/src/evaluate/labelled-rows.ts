import { readFile } from 'node:fs/promises';
import { CsvRecords } from '#tasks';
import { Failure } from '../failure';

/** Rows of a CSV, with what is right for each of them apart. */
export interface LabelledRows {
  /** With the header. */
  csv: Buffer;
  truths: readonly string[];
  /** On which line of the file each of them begins. */
  lines: readonly number[];
}

/**
 * Splits a labelled CSV into parts of so many rows.
 * @param target the column that has what is right
 * @throws Failure when the file cannot be read or has no such column
 */
export async function labelledRows(file: string, target: string, rowsAtOnce: number): Promise<LabelledRows[]> {
  const records = new CsvRecords(await bytesOf(file));
  if (!records.next() || records.isEmpty) throw new Failure(`${file} has no header`);
  const names = cellsOf(records);
  const place = names.indexOf(target);
  if (place < 0) {
    throw new Failure(
      `${file} has no column "${target}" for what is right; name it with --target. It has ${names.join(', ')}`,
    );
  }
  const header = lineOf(names, place);
  const parts: LabelledRows[] = [];
  let [lines, truths, places]: [string[], string[], number[]] = [[], [], []];
  const close = (): void => {
    if (truths.length === 0) return;
    parts.push({ csv: Buffer.from([header, ...lines, ''].join('\n')), truths, lines: places });
    [lines, truths, places] = [[], [], []];
  };
  while (records.next()) {
    const fault = records.fault ?? (records.length === names.length ? undefined : `has ${records.length} cells`);
    if (fault) throw new Failure(`line ${records.line} of ${file} ${fault}; the header has ${names.length} cells`);
    const cells = cellsOf(records);
    lines.push(lineOf(cells, place));
    truths.push(cells[place]!);
    places.push(records.line);
    if (truths.length === rowsAtOnce) close();
  }
  close();
  if (parts.length === 0) throw new Failure(`${file} has a header and no rows`);
  return parts;
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${(error as Error).message}`);
  }
}

function cellsOf(records: CsvRecords): string[] {
  return Array.from({ length: records.length }, (_, cell) => records.text(cell));
}

function lineOf(cells: readonly string[], without: number): string {
  return cells
    .filter((_, place) => place !== without)
    .map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',');
}
