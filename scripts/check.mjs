// `npm run check`: format, lint, types, the arrows between the rooms, and what is made of other files. Two at a time: lint takes about as
// long as all others.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

const CRUISED = ['apps', 'libs', 'testing', 'monitoring', 'scripts', 'bench'];
const CHECKS = [
  ['lint', 'eslint', ['--max-warnings', '0', '.']],
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['types of the console', 'tsc', ['-p', 'apps/console/tsconfig.json', '--noEmit']],
  ['structure', 'depcruise', ['--config', '.dependency-cruiser.cjs', ...CRUISED]],
  ['kernels', 'node', ['scripts/kernels.mjs', '--check']],
];
const AT_ONCE = 2;

prepare();
const waiting = [...CHECKS];
const failed = [];
await Promise.all(Array.from({ length: AT_ONCE }, runNext));
process.exitCode = failed.length === 0 ? 0 : 1;

async function runNext() {
  for (let check = waiting.shift(); check; check = waiting.shift()) {
    const [name] = check;
    const { isOk, said } = await outcomeOf(check);
    process.stdout.write(`${said}${name}: ${isOk ? 'ok' : 'FAILED'}\n`);
    if (!isOk) failed.push(name);
  }
}

/** What it said, whole: not among what another one says. */
function outcomeOf([, tool, args]) {
  const command = tool === 'node' ? process.execPath : join(root, 'node_modules/.bin', tool);
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ isOk: code === 0, said }));
  });
}
