import { readFileSync } from 'node:fs';

/** By which a process ends that goes wrong itself, native code or V8 (signal(7)). */
const CRASHES: ReadonlySet<NodeJS.Signals> = new Set(
  'SIGABRT SIGBUS SIGFPE SIGILL SIGSEGV SIGSYS SIGTRAP SIGXCPU SIGXFSZ'.split(' ') as NodeJS.Signals[],
);

/**
 * Whether a process that we have not killed was ended by somebody else, and not for what it did. The kernel, too, sends SIGKILL, where
 * memory runs out; it counts how often.
 * @param oomKills at an earlier time, at which the process lived
 */
export function isKilledFromOutside(signal: NodeJS.Signals | null, oomKills: number | undefined): boolean {
  if (signal === null) return false;
  if (signal !== 'SIGKILL') return !CRASHES.has(signal);
  return oomKills !== undefined && countOomKills() === oomKills;
}

/** Processes of this machine that the kernel has ended because memory ran out; undefined where it does not say (proc_vmstat(5)). */
export function countOomKills(): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined; // no Linux
  }
}
