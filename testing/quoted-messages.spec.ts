import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canBeSaid, piecesOf, sourcesIn } from './quoted-messages';

const REPOSITORY = join(__dirname, '..');

/** What others say, whose words reach our messages: Redis and its client, the system, Commander, npm. */
const THEIRS = [
  'connect ECONNREFUSED ',
  'getaddrinfo ENOTFOUND ',
  'NOAUTH ',
  'WRONGPASS ',
  'OOM command not allowed ',
  'spawn ',
  ' EAGAIN',
  "error: required option '--images <folder>' not specified",
];

/** Rows of tables whose first column quotes messages, and quotes of a sentence's length in what stands between. */
function quotesIn(page: string): string[] {
  const text = page.replaceAll(/^```[^]*?^```$/gm, '');
  const quotes: string[] = [];
  let isMessages = false;
  for (const line of text.split('\n')) {
    const [, first, second] = line.split(/(?<!\\)\|/);
    if (!line.startsWith('|')) isMessages = false;
    else if (/^ *-+ *$/.test(second ?? '')) continue;
    else if (/^ *(message|reason|code and detail) *$/.test(first!)) isMessages = true;
    const spans = [...(isMessages ? first! : line.startsWith('|') ? '' : line).matchAll(/`([^`]+)`/g)].map(
      ([, quote]) => quote!,
    );
    quotes.push(
      ...spans.filter((quote) => !/^[A-Z_]+$|^(curl|docker|npm|kubectl) |^\.?\//.test(quote) && / \S+ \S/.test(quote)),
    );
  }
  return quotes;
}

const pieces = [...new Set([...THEIRS, ...sourcesIn(REPOSITORY).flatMap(piecesOf)])];
const page = readFileSync(join(REPOSITORY, 'docs/TROUBLESHOOTING.md'), 'utf8');

it.each(quotesIn(page))('is a message that something writes: %s', (quote) => {
  expect(canBeSaid(quote, pieces)).toBe(true);
});
