import stringWidth from 'string-width';
import { tableText } from './table';

const widest = (text: string) => Math.max(...text.split('\n').map((line) => stringWidth(line)));
const rows = (...descriptions: string[]) => descriptions.map((text, i) => [`model-${i}`, i, text]);
const head = ['model', 'version', 'description'];

it.each([
  ['a sentence', 'fast and small, '.repeat(30)],
  ['one word', 'x'.repeat(400)],
  ['wide characters', '飛行機'.repeat(60)],
])('fits 100 columns whatever is in it: %s', (_, text) => {
  const table = tableText({ head, rows: rows(text, 'short') });
  expect(widest(table)).toBeLessThanOrEqual(100);
  const wide = tableText({ head, rows: rows(text, 'short') }, true);
  expect(wide).toContain(text.trim());
});

it('loses nothing when it breaks lines', () => {
  const words = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ');
  const table = tableText({ head, rows: rows(words) });
  expect(table.match(/word\d+/g)).toEqual(words.split(' '));
});

it('many long columns share the room', () => {
  const many = Array.from({ length: 7 }, (_, i) => `column ${i} `.repeat(9));
  expect(widest(tableText({ head: many, rows: [many] }))).toBeLessThanOrEqual(100);
});

it('does not break what fits, and lets figures stand on the right', () => {
  const table = tableText({
    head: ['what', 'MB'],
    rows: [
      ['tiny', 0.5],
      ['large', 102.4],
    ],
    right: [1],
  });
  expect(table.split('\n')[3]).toBe('│ tiny  │   0.5 │');
});

it('hands no escape sequence on to the terminal', () => {
  expect(tableText({ head, rows: rows('red \u001b[31mtext\nand another line') })).not.toContain('\u001b');
});
