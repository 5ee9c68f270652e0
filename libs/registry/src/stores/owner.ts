import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Of another machine's process nothing is known; nobody takes so long for what is begun under such a name. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/** As `ownName` makes them: machine, process, chance. Twelve digits alone are those of earlier releases. */
export const OWN_NAME = '(?:([0-9a-f]{8})-(\\d+)-)?[0-9a-f]{12}';

/** Part of the name of what this process has begun and not finished; no other process or moment has the same. */
export function ownName(): string {
  return `${thisMachine()}-${process.pid}-${randomBytes(6).toString('hex')}`;
}

/**
 * Whether whoever has begun something has ended without finishing it.
 * @param machine and `pid` as in its `ownName`; undefined where it has none
 */
export function isAbandoned(
  machine: string | undefined,
  pid: string | undefined,
  modifiedMs: number,
  afterMs = ABANDONED_AFTER_MS,
): boolean {
  // eslint-disable-next-line no-restricted-properties -- files have the time of day
  const now = Date.now();
  if (machine !== undefined && machine === thisMachine()) {
    if (Number(pid) !== process.pid) return !isAlive(Number(pid));
    // The first process of a container has the same number each time.
    return modifiedMs < now - process.uptime() * 1000 - 1000;
  }
  return now - modifiedMs > afterMs;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

let machine: string | undefined;

/** Tells apart those who cannot see each other's processes: machines, and the containers of one pod. */
function thisMachine(): string {
  return (machine ??= identify());
}

function identify(): string {
  let processes = '';
  try {
    processes = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Only Linux has it, and only Linux needs it.
  }
  return createHash('sha256').update(`${hostname()} ${processes}`).digest('hex').slice(0, 8);
}
