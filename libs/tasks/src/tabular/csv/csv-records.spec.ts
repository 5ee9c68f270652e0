import { CsvRecords } from './csv-records';

function read(text: string | Buffer): (string[] | string)[] {
  const records = new CsvRecords(Buffer.from(text as string));
  const all: (string[] | string)[] = [];
  while (records.next()) {
    all.push(records.fault ?? Array.from({ length: records.length }, (_, cell) => records.text(cell)));
  }
  return all;
}

it.each<[what: string, text: string, records: (string[] | string)[]]>([
  ['lines that end in LF', 'a,b\n1,2\n', [['a', 'b'], ['1', '2']]], // prettier-ignore
  ['lines that end in CRLF', 'a,b\r\n1,2\r\n', [['a', 'b'], ['1', '2']]], // prettier-ignore
  ['no end of the last line', 'a\n1', [['a'], ['1']]],
  ['a byte order mark', '\ufeffa\n1\n', [['a'], ['1']]],
  ['empty cells', ',\n,,', [['', ''], ['', '', '']]], // prettier-ignore
  ['empty lines at the end', 'a\n1\n\n\r\n\n', [['a'], ['1']]],
  ['an empty line between others', 'a\n\n1', [['a'], [''], ['1']]],
  ['quotation marks', '"a","b"\n"1",2', [['a', 'b'], ['1', '2']]], // prettier-ignore
  ['commas, lines and quotation marks in quotation marks', '"a,b","c\r\nd","e""f"""\n', [['a,b', 'c\r\nd', 'e"f"']]],
  ['an empty cell in quotation marks', '"",1', [['', '1']]],
  ['letters of several bytes', 'ä🙂,"ö"', [['ä🙂', 'ö']]],
  ['a carriage return that ends no line', 'a\rb,c', [['a\rb', 'c']]],
  ['a quotation mark in the middle of a cell', 'a"b,c\nd,e', ['has a quotation mark inside a cell that does not begin with one', ['d', 'e']]], // prettier-ignore
  ['something behind a closing quotation mark', '"a"b,c\nd,e', ['has something behind the closing quotation mark of a cell', ['d', 'e']]], // prettier-ignore
  ['nothing', '', []],
])('reads %s', (_, text, records) => {
  expect(read(text)).toEqual(records);
});

it('reads back whatever cells are written as RFC 4180 has it', () => {
  const letters = ['a', '"', ',', '\n', '\r\n', 'ä', ' ', ''];
  const pick = (i: number) => letters[(i * 7919 + (i >> 3)) % letters.length]!;
  const rows = Array.from({ length: 200 }, (_, row) =>
    Array.from({ length: 5 }, (_, cell) => pick(row * 31 + cell) + pick(row * 17 + cell * 3 + 1) + 'x'),
  );
  const text = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\r\n');
  expect(read(text)).toEqual(rows);
});

it('knows the lines of the file', () => {
  const records = new CsvRecords(Buffer.from('a\n"b\nc"\n\nd'));
  const lines: number[] = [];
  while (records.next()) lines.push(records.line);
  expect(lines).toEqual([1, 2, 4, 5]);
});

it.each([
  [
    'a cell without its closing quotation mark',
    'a\n"b,c\nd',
    'the cell that begins on line 2 of the CSV has no closing',
  ],
  ['a line without end', `a\n${'x'.repeat(1_100_000)}`, 'line 2 of the CSV is longer than 1048576 bytes'],
  ['a quoted cell without end', `a\n"${'x'.repeat(1_100_000)}`, 'line 2 of the CSV is longer than 1048576 bytes'],
  ['a million cells', `a\n${','.repeat(1_100_000)}`, 'line 2 of the CSV is longer than 1048576 bytes'],
])('refuses %s', (_, text, message) => {
  expect(() => read(text)).toThrow(message);
});
