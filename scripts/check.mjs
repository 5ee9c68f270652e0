// `npm run check`: format, lint, types, and the arrows between the rooms.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

const CRUISED = ['apps', 'libs', 'testing', 'monitoring', 'scripts', 'bench'];
const CHECKS = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'eslint', ['--max-warnings', '0', '.']],
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['structure', 'depcruise', ['--config', '.dependency-cruiser.cjs', ...CRUISED]],
];

prepare();
const failed = CHECKS.filter(([name, tool, args]) => {
  const { status } = spawnSync(join(root, 'node_modules/.bin', tool), args, { cwd: root, stdio: 'inherit' });
  console.log(`${name}: ${status === 0 ? 'ok' : 'FAILED'}`);
  return status !== 0;
});
process.exit(failed.length === 0 ? 0 : 1);
