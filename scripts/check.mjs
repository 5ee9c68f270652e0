// `npm run check`: format, lint, types, the arrows between the rooms, and what is made of other files.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

const CRUISED = ['apps', 'libs', 'testing', 'monitoring', 'scripts', 'bench'];
const CHECKS = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'eslint', ['--max-warnings', '0', '.']],
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['types of the console', 'tsc', ['-p', 'apps/console/tsconfig.json', '--noEmit']],
  ['structure', 'depcruise', ['--config', '.dependency-cruiser.cjs', ...CRUISED]],
  ['kernels', 'node', ['scripts/kernels.mjs', '--check']],
];

prepare();
const failed = CHECKS.filter(([name, tool, args]) => {
  const command = tool === 'node' ? process.execPath : join(root, 'node_modules/.bin', tool);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  console.log(`${name}: ${status === 0 ? 'ok' : 'FAILED'}`);
  return status !== 0;
});
process.exit(failed.length === 0 ? 0 : 1);
