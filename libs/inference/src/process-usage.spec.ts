import { spawn } from 'node:child_process';
import { processUsage } from './process-usage';

const onLinux = process.platform === 'linux' ? it : it.skip;

onLinux('says of a process what it says of itself', () => {
  const usage = processUsage(process.pid)!;
  const { user, system } = process.cpuUsage();
  expect(usage.residentBytes / process.memoryUsage.rss()).toBeCloseTo(1, 0);
  // Ticks of 10 ms are cut off.
  expect(usage.cpuSeconds).toBeLessThanOrEqual((user + system) / 1e6);
  expect(usage.cpuSeconds).toBeGreaterThan((user + system) / 1e6 - 1);
});

it('is null for a process that is gone', async () => {
  const child = spawn(process.execPath, ['--version']);
  const pid = child.pid!;
  await new Promise((resolve) => child.once('close', resolve));
  expect(processUsage(pid)).toBeNull();
});

it('is not misled by the name of the command', () => {
  const files: Record<string, string> = {
    '/proc/7/status': 'Name:\tnode\nVmRSS:\t    2048 kB\n',
    '/proc/7/stat': '7 (a) 1 2 (b) S 1 7 7 0 -1 4194560 9 0 0 0 150 50 0 0 20 0 11 0 100 999 512',
  };
  expect(processUsage(7, (path) => files[path]!)).toEqual({ residentBytes: 2 * 1024 * 1024, cpuSeconds: 2 });
});

it.each([
  ['no memory of its own, as a zombie', 'Name:\tnode\n', '7 (a) Z 1 7 7 0 -1 0 9 0 0 0 150 50 0'],
  ['a line that is cut off', 'VmRSS:\t    2048 kB\n', '7 (a) S 1'],
])('is null for %s', (_, status, stat) => {
  expect(processUsage(7, (path) => (path.endsWith('status') ? status : stat))).toBeNull();
});
