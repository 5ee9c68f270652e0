import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Begins with a dot, so that no reader of the registry takes it for a model. */
const UNFINISHED = /^\.(?:adding|uploading)-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}$/;
/** Of another machine's process nothing is known; nobody takes so long to add a version. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** A name that nobody else takes, for what is being put into a registry; it says whose it is. */
export function unfinishedName(what: 'adding' | 'uploading'): string {
  return `.${what}-${thisMachine()}-${process.pid}-${randomBytes(6).toString('hex')}`;
}

/** Clears away what those left behind who were killed. */
export async function removeAbandoned(registry: string): Promise<void> {
  const names = await readdir(registry).catch(() => []);
  for (const name of names) {
    const path = join(registry, name);
    if (await isAbandoned(path, name)) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isAbandoned(path: string, name: string): Promise<boolean> {
  const [, machine, pid] = UNFINISHED.exec(name) ?? [];
  if (pid === undefined) return false;
  if (machine === thisMachine()) return !isAlive(Number(pid));
  const found = await lstat(path).catch(() => null);
  // eslint-disable-next-line no-restricted-properties -- files have the time of day
  return found !== null && Date.now() - found.mtimeMs > ABANDONED_AFTER_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Tells apart those who cannot see each other's processes: machines, and the containers of one pod. */
function thisMachine(): string {
  let processes = '';
  try {
    processes = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Only Linux has it, and only Linux needs it.
  }
  return createHash('sha256').update(`${hostname()} ${processes}`).digest('hex').slice(0, 8);
}
