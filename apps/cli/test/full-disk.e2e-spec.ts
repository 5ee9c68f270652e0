import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { writeVersion } from '#testing/onnx-classifier';

const disk = mkdtempSync(join(tmpdir(), 'eyrie-full-disk-'));
// Only root may mount, and not everywhere.
const mounted =
  process.getuid?.() === 0 && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]).status === 0;

afterAll(() => {
  if (mounted) spawnSync('umount', [disk]);
  rmSync(disk, { recursive: true, force: true });
});

(mounted ? it : it.skip)('a policy that does not fit onto the disk leaves the one before, and no rest', async () => {
  for (const version of [1, 2]) writeVersion(disk, 'm', version);
  const setAlias = (version: number) => eyrie(['alias', 'set', 'm', 'champion', version, '--registry', disk]);
  expect((await setAlias(1)).code).toBe(0);
  const before = readFileSync(join(disk, 'm/policy.json'), 'utf8');
  const history = readdirSync(join(disk, 'm/policy-history'));
  fill(join(disk, 'filler'));

  const { code, stderr } = await setAlias(2);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^eyrie: the policy was not changed: the disk of the registry is full; make room\n$/),
  ]);
  expect(readFileSync(join(disk, 'm/policy.json'), 'utf8')).toBe(before);
  expect(readdirSync(join(disk, 'm/policy-history'))).toEqual(history);
  expect(readdirSync(join(disk, 'm')).sort()).toEqual(['1', '2', 'policy-history', 'policy.json']);

  rmSync(join(disk, 'filler'));
  expect((await setAlias(2)).code).toBe(0);
  expect(JSON.parse(readFileSync(join(disk, 'm/policy.json'), 'utf8'))).toMatchObject({ aliases: { champion: 2 } });
});

function fill(file: string): void {
  for (const bytes of [4096, 256, 1]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
