import { readFileSync } from 'node:fs';

/** What one process uses. */
export interface ProcessUsage {
  /** Memory that is resident, pages shared with other processes included. */
  residentBytes: number;
  /** CPU time since its start, user and system. */
  cpuSeconds: number;
}

/** USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Reads what a process uses from /proc (proc_pid_stat(5), proc_pid_status(5)).
 * @returns null where there is no such process, or no /proc
 */
export function processUsage(
  pid: number,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): ProcessUsage | null {
  try {
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFile(`/proc/${pid}/status`));
    // The second field, the command's name, may hold anything, blanks and parentheses included.
    const stat = readFile(`/proc/${pid}/stat`);
    const [userTicks, systemTicks] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number);
    const cpuSeconds = (userTicks! + systemTicks!) / TICKS_PER_SECOND;
    return resident && Number.isFinite(cpuSeconds) ? { residentBytes: Number(resident[1]) * 1024, cpuSeconds } : null;
  } catch {
    return null;
  }
}
