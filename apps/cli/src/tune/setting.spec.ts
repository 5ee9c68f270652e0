import { divisions } from './setting';

it('divides the CPUs between workers and threads', () => {
  expect(divisions(1)).toEqual([{ workers: 1, threads: 1 }]);
  expect(divisions(2)).toEqual([
    { workers: 1, threads: 1 },
    { workers: 2, threads: 1 },
    { workers: 1, threads: 2 },
  ]);
});

it.each([1, 2, 3, 6, 12, 48, 96])('uses all of %d CPUs in some way, and never more', (cpus) => {
  const all = divisions(cpus);
  const used = all.map(({ workers, threads }) => workers * threads);
  expect(Math.max(...used)).toBe(cpus);
  expect(all).toContainEqual({ workers: cpus, threads: 1 });
  expect(new Set(all.map((division) => JSON.stringify(division))).size).toBe(all.length);
});
