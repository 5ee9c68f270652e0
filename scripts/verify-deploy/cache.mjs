// Where what is downloaded and built is kept: the folder VERIFY_CACHE, or one of the user's, so that another clone of the project
// need not compile Helm, Kubernetes and the rest again. More than a gigabyte.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const USERS = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'eyrie-verify-deploy');
export const cache = process.env.VERIFY_CACHE ? resolve(process.env.VERIFY_CACHE) : USERS;
mkdirSync(cache, { recursive: true });

/** Runs a command to its end and returns what it printed. @throws Error with its output when it fails */
export function output(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.error?.code === 'ENOENT') throw new Error(`${command} is not installed, and this needs it`);
  if (done.status !== 0) {
    throw new Error(
      `${command} ${args.join(' ')} ended with ${done.status ?? done.signal}\n${done.stdout}${done.stderr}`,
    );
  }
  return done.stdout;
}

/** The folder of a Go module; downloads it when Go's module cache has it not. @param module path@version */
export function goModule(module) {
  return JSON.parse(output('go', ['mod', 'download', '-json', module], { cwd: cache })).Dir;
}

/** Does something once: `make` is called while `path` is not there, and must make it. */
export async function once(path, what, make) {
  if (existsSync(path)) return path;
  console.log(`   ${what} …`);
  await make(path);
  if (!existsSync(path)) throw new Error(`${what}: ${path} was not made`);
  return path;
}
