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
  // A Ctrl-C reaches the child by itself, a `kill` of this process does not.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}
