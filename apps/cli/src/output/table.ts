import CliTable from 'cli-table3';
import stringWidth from 'string-width';

export interface Table {
  head: readonly string[];
  rows: readonly (readonly (string | number)[])[];
  /** Columns of figures, by their number from 0. */
  right?: readonly number[];
}

/** Columns of a terminal that tables keep to unless they may be wide. */
const TERMINAL = 100;
/** A column is made no narrower than this. */
const NARROWEST = 6;
/** Of each column: a blank on both sides and a line. */
const AROUND = 3;

/** @param wide lets lines get as long as they are; otherwise long texts are broken, so that the table fits a terminal */
export function tableText({ head, rows, right = [] }: Table, wide = false): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => harmless(String(cell))));
  const natural = head.map((_, column) => Math.max(...cells.map((row) => stringWidth(row[column] ?? ''))));
  const widths = wide ? natural : narrowed(natural, TERMINAL - AROUND * head.length - 1);
  const [first, ...others] = cells.map((row) => row.map((cell, column) => broken(cell, widths[column]!)));
  const table = new CliTable({
    head: first,
    colAligns: head.map((_, column) => (right.includes(column) ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  table.push(...others);
  return table.toString();
}

/** Takes from the widest until all of it fits. */
function narrowed(widths: readonly number[], room: number): number[] {
  const left = [...widths];
  for (;;) {
    const widest = Math.max(...left);
    if (sum(left) <= room || widest <= NARROWEST) return left;
    left[left.indexOf(widest)] = widest - 1;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** In lines of at most `width`: between words, or within one that is longer. */
function broken(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((word) => pieces(word, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && stringWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line].join('\n');
}

function pieces(word: string, width: number): string[] {
  if (stringWidth(word) <= width) return [word];
  const found = [''];
  for (const character of word) {
    const longer = found.at(-1)! + character;
    if (stringWidth(longer) > width) found.push(character);
    else found[found.length - 1] = longer;
  }
  return found;
}

/** A description or a label must not move the cursor of the terminal that shows it. */
function harmless(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are meant
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}
