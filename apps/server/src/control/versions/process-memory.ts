import { readFileSync } from 'node:fs';

const PAGE = 4096;

/** Resident memory of a process and of those that it started, bytes; 0 where the system does not tell. */
export function memoryOf(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + residentOf(each), 0);
}

function childrenOf(pid: number): number[] {
  const direct = read(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);
  return direct.flatMap((child) => [child, ...childrenOf(child)]);
}

/** proc_pid_statm(5): its second figure, in pages. */
function residentOf(pid: number): number {
  return Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * PAGE;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended, or this is no Linux.
    return '';
  }
}
