import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { allocatorSettings } from './allocator.mjs';
import { root } from './prepare.mjs';

/** Runs a built entry file in place of this process: its streams, its signals, its exit code. */
export function runBuilt(entry, args) {
  const child = spawn(process.execPath, ['--enable-source-maps', join(root, 'dist', entry), ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...allocatorSettings(process.env) },
  });
  // A `kill` of this process does not reach the child by itself. A Ctrl-C does, which the child then gets twice and heeds once.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}
