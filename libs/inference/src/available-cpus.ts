import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * How many CPUs this process may really use: its affinity mask, and the cgroup's quota where there is one, which
 * Node does not look at. At least 1; a quota of 1.5 counts as 2, since the second core is used half of the time.
 */
export function availableCpus(readFile: (path: string) => string = (path) => readFileSync(path, 'utf8')): number {
  const quota = cgroupQuota(readFile);
  return Math.max(1, Math.min(availableParallelism(), quota === null ? Infinity : Math.ceil(quota)));
}

/** CPUs granted by cgroup v2's cpu.max or v1's cfs files; null where there is no limit. */
export function cgroupQuota(readFile: (path: string) => string): number | null {
  const read = (path: string): string | null => {
    try {
      return readFile(path).trim();
    } catch {
      return null;
    }
  };
  const v2 = read('/sys/fs/cgroup/cpu.max');
  if (v2 !== null) {
    const [quota, period] = v2.split(/\s+/).map(Number);
    return quota! > 0 && period! > 0 ? quota! / period! : null;
  }
  const quota = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us') ?? -1);
  const period = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_period_us') ?? 0);
  return quota > 0 && period > 0 ? quota / period : null;
}
