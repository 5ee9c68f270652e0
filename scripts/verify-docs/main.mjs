// Does what the pages say: runs every `console` block of README and docs in a copy of this folder, page by page, and compares what
// it prints with what the page says that it prints. `node scripts/verify-docs/main.mjs docs/API.md` runs one page.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../free-ports.mjs';
import { prepare, root } from '../prepare.mjs';
import { consoleBlocks } from './markdown.mjs';
import { firstMissing, firstMissingLine } from './output.mjs';
import { Shell } from './shell.mjs';

const PORT = '8000';
const count = { passed: 0, failed: 0, notRun: 0 };

prepare();
for (const page of pages()) await walk(page);
console.log(`${count.notRun} blocks not run`);
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed === 0 ? 0 : 1;

function pages() {
  const named = process.argv.slice(2);
  if (named.length > 0) return named;
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...docs.map((name) => `docs/${name}`), 'CONTRIBUTING.md', 'helm/eyrie/README.md'];
}

/** A page from its first block to its last: a folder, a terminal and a port of its own. */
async function walk(page) {
  const blocks = consoleBlocks(readFileSync(join(root, page), 'utf8'));
  for (const { line, notRun } of blocks.filter((block) => block.notRun)) {
    count.notRun++;
    console.log(`-       ${page}:${line} not run: ${notRun}`);
  }
  const toRun = blocks.filter((block) => !block.notRun);
  if (toRun.length === 0) return;
  const folder = copyOfCheckout();
  const port = String(await freePort());
  const env = { ...process.env, PORT: port, GRPC_PORT: '0', NO_COLOR: '1', COLUMNS: '120' };
  for (const name of ['EYRIE_SERVER', 'EYRIE_KEY', 'MODEL_REGISTRY']) delete env[name];
  const shell = new Shell(folder, env);
  const onPort = (text) => text.replaceAll(PORT, port);
  try {
    for (const block of toRun) await perform(page, block, shell, onPort);
  } finally {
    await shell.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function perform(page, { line, before, steps }, shell, onPort) {
  for (const hidden of before) {
    const { code, printed } = await doStep(shell, { command: onPort(hidden), output: [] });
    if (code !== 0) tell(page, line, hidden, `the command before the block failed: ${printed}`);
  }
  for (const { command, output } of steps) {
    const step = { command: onPort(command), output: output.map(onPort) };
    tell(page, line, command, await fault(shell, step));
  }
}

/** @returns what is not as the page says, or undefined */
async function fault(shell, { command, output }) {
  try {
    const { printed, isLog } = await doStep(shell, { command, output });
    const missing = (isLog ? firstMissingLine : firstMissing)(output, printed);
    // A block that shows nothing says nothing about what is printed.
    if (output.length === 0 || missing === undefined) return undefined;
    return `the page says   ${missing}\n        what was printed:\n${printed.trim().slice(-1500).replace(/^/gm, '        | ')}`;
  } catch (error) {
    return error.message;
  }
}

async function doStep(shell, { command, output }) {
  if (!Shell.startsServer(command)) return shell.run(command);
  const isUp = (log) => (output.length > 0 ? firstMissingLine(output, log) === undefined : /serving on/.test(log));
  const log = await shell.serve(command, isUp);
  return { printed: log, isLog: true, code: isUp(log) ? 0 : 1 };
}

function tell(page, line, command, problem) {
  count[problem === undefined ? 'passed' : 'failed']++;
  const first = command.split('\n')[0];
  console.log(
    `${problem === undefined ? 'ok    ' : 'FAILED'}  ${page}:${line}  ${first.length > 90 ? `${first.slice(0, 89)}…` : first}`,
  );
  if (problem !== undefined) console.log(`        ${problem}`);
}

/** What is in version control, and beside it what was installed and built. */
function copyOfCheckout() {
  const folder = mkdtempSync(join(tmpdir(), 'eyrie-docs-'));
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of files.toString().split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(folder, name));
  return folder;
}
