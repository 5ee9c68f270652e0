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

(mounted ? it : it.skip)('a backup that does not fit is none, and leaves no rest; nor does a restore', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'eyrie-full-disk-registry-'));
  try {
    rmSync(join(disk, 'm'), { recursive: true, force: true });
    const registry = join(elsewhere, 'registry');
    writeVersion(registry, 'm', 1);
    writeFileSync(join(registry, 'm/1/weights'), Buffer.alloc(3_000_000));
    const full = await eyrie(['backup', disk, '--registry', registry]);
    expect([full.code, full.stderr]).toEqual([
      1,
      `eyrie: no backup was made: the disk of ${disk} is full; make room\n`,
    ]);
    expect(readdirSync(disk)).toEqual([]);
    expect((await eyrie(['backup', elsewhere, '--registry', registry])).code).toBe(0);
    const { code, stderr } = await eyrie(['restore', elsewhere, '--registry', disk]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`the disk of ${disk} is full, make room and call it again`),
    ]);
    expect(readdirSync(disk)).toEqual([]);
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
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
