import { availableParallelism } from 'node:os';
import { availableCpus, cgroupQuota } from './available-cpus';

const files = (contents: Record<string, string>) => (path: string) => {
  if (path in contents) return contents[path]!;
  throw new Error('ENOENT');
};

describe('cgroupQuota', () => {
  it.each([
    ['no cgroup files', {}, null],
    ['v2 without a limit', { '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, null],
    ['v2 with two CPUs', { '/sys/fs/cgroup/cpu.max': '200000 100000\n' }, 2],
    ['v2 with half a CPU', { '/sys/fs/cgroup/cpu.max': '50000 100000\n' }, 0.5],
    [
      'v1 without a limit',
      { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' },
      null,
    ],
    [
      'v1 with one and a half',
      { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '150000', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' },
      1.5,
    ],
  ])('%s', (_, contents, quota) => {
    expect(cgroupQuota(files(contents))).toBe(quota);
  });
});

describe('availableCpus', () => {
  it('is at least one, at most what the machine has, and follows the quota', () => {
    expect(availableCpus(files({ '/sys/fs/cgroup/cpu.max': '10000 100000' }))).toBe(1);
    expect(availableCpus(files({ '/sys/fs/cgroup/cpu.max': '99900000 100000' }))).toBe(availableParallelism());
    expect(availableCpus(files({}))).toBe(availableParallelism());
  });
});
