/**
 * @typedef {object} Block a `console` block of a page
 * @property {number} line where it begins
 * @property {string | undefined} notRun why it is not run
 * @property {string[]} before what a reader has done by then although the page does not show it
 * @property {{ command: string, output: string[] }[]} steps
 */

const FENCE = /^( *)```(\w*)/;
const DIRECTIVE = /^ *<!-- (not run|before): ([\s\S]*?) -->$/;

/**
 * The `console` blocks of a page. A comment on the line before one says what a script must know and a reader need not:
 * `<!-- not run: why -->` or `<!-- before: a command -->`, any number of them. Blocks of any other language, such as `sh`,
 * are for adapting, not for running.
 * @param {string} text Markdown
 * @returns {Block[]}
 */
export function consoleBlocks(text) {
  const lines = text.split('\n');
  const blocks = [];
  let directives = { before: [] };
  for (let at = 0; at < lines.length; at++) {
    const directive = DIRECTIVE.exec(lines[at]);
    if (directive?.[1] === 'before') directives.before.push(directive[2]);
    else if (directive) directives.notRun = directive[2];
    const fence = FENCE.exec(lines[at]);
    if (fence) {
      const end = lines.findIndex((line, i) => i > at && line.trim() === '```');
      if (fence[2] === 'console') {
        const content = lines.slice(at + 1, end).map((line) => line.slice(fence[1].length));
        blocks.push({ line: at + 1, ...directives, steps: steps(content) });
      }
      at = end;
    }
    if (!directive && lines[at].trim() !== '') directives = { before: [] };
  }
  return blocks;
}

/** `$ ` begins a command, `> ` goes on with it, as does whatever follows a backslash; the rest is what it prints. */
function steps(lines) {
  const result = [];
  for (const line of lines) {
    const last = result.at(-1);
    if (line.startsWith('$ ')) result.push({ command: line.slice(2), output: [] });
    else if (last?.output.length === 0 && line.startsWith('> ')) last.command += `\n${line.slice(2)}`;
    else if (last?.output.length === 0 && last.command.endsWith('\\')) last.command += `\n${line}`;
    else if (last) last.output.push(line);
    else result.push({ command: '', output: [line] });
  }
  return result;
}
