import { readFileSync, writeFileSync } from 'node:fs';

/** proc(5): lets the peak of a process's memory begin anew. */
export function resetPeak(pid) {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Then the peak is that since the start: more than it should be, never less.
  }
}

/** The most that a process has had in memory since `resetPeak`, in MiB. @returns undefined where /proc does not say */
export function peakMiB(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]) / 1024;
  } catch {
    return undefined;
  }
}
