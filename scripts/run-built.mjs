import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { allocatorSettings, NODE_FLAGS } from './node-settings.mjs';
import { root } from './prepare.mjs';

/** As it was at the start. */
const parent = process.ppid;
const LOOK_EVERY_MS = 500;

/** Runs a built entry file in place of this process: its streams, its signals, its exit code. */
export function runBuilt(entry, args) {
  const child = spawn(process.execPath, [...NODE_FLAGS, join(root, 'dist', entry), ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...allocatorSettings(process.env) },
  });
  // A `kill` of this process does not reach the child by itself. A Ctrl-C does, which the child then gets twice and heeds once.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  // npm tells a shell between itself and this process to end, and no more: without npm, a server would be left that nobody knows of.
  const look = () => process.ppid !== parent && child.kill('SIGTERM');
  if (process.env.npm_lifecycle_event) setInterval(look, LOOK_EVERY_MS);
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}
