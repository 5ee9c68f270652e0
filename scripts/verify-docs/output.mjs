/** What is another each time; on both sides the same sign stands for it, so that each is compared as what it is. */
const CHANGING = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME'],
  [/-?\d+\.\d+(e-?\d+)?/g, 'DECIMAL'],
  [/\d+(?=\/s\b)/g, 'RATE'],
];

/**
 * Whether a command printed what its page says. White space does not count, since pages break lines, nor do the values of
 * times, ids and fractions; `…` stands for anything; whole numbers and words must be the same.
 * @param {string[]} expected the lines of the page
 * @param {string} printed
 * @returns undefined when it did, else the first of the expected lines that is not there
 */
export function firstMissing(expected, printed) {
  if (matches(expected.join('\n'), printed)) return undefined;
  for (let count = 1; count <= expected.length; count++) {
    if (!matches(`${expected.slice(0, count).join('\n')}…`, printed)) return expected[count - 1];
  }
  return 'that this is all; more was printed';
}

/** The same for a log, whose lines come in any order: each of the lines must be there. */
export function firstMissingLine(expected, log) {
  return expected.find((line) => line !== '…' && !matches(`…${line}…`, log));
}

function matches(expected, printed) {
  const pattern = plain(expected).split('…').map(escape).join('[^]*?');
  return new RegExp(`^${pattern}$`).test(plain(printed));
}

function plain(text) {
  return CHANGING.reduce((result, [what, sign]) => result.replace(what, sign), text).replace(/\s+/g, '');
}

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
