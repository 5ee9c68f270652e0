import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder, type TemporaryFolder } from '#testing/registry';
import { writeVersion } from '#testing/onnx-classifier';
import { draftChange, FolderStore, type Policy, removeVersion, routedVersions, setDefault } from '#registry';
import { backUp } from './back-up';

let folder: TemporaryFolder;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => folder.remove());

it('has of each model what was there at one moment, while policies change and versions come and go', async () => {
  const registry = join(folder.path, 'registry');
  for (const version of [1, 2]) writeVersion(registry, 'm', version);
  const store = await FolderStore.open(registry);
  let version = 2;
  let isChanging = true;
  let changes = 0;
  // A new version, then the policy that lets it answer, then the one before goes.
  const change = async (): Promise<void> => {
    while (isChanging) {
      version++;
      writeVersion(folder.path, 'm', version);
      renameSync(join(folder.path, 'm', String(version)), join(registry, 'm', String(version)));
      const { before, record } = await draftChange(store, 'm', setDefault(version));
      await store.writePolicy('m', record, before);
      await removeVersion(store, 'm', version - 1).catch(() => undefined);
      changes++;
      await sleep(20);
    }
  };
  const changing = change();
  const signal = new AbortController().signal;
  const warnings: string[] = [];
  const warn = (sentence: string): void => void warnings.push(sentence);
  const to = join(folder.path, 'backups');
  const revisions: number[] = [];
  try {
    while (revisions.length < 15 || changes < 30) {
      const { backup, models } = await backUp({ registry, to, content: 'all', keep: 2, signal, warn });
      const model = join(backup, 'registry/m');
      if (!existsSync(join(model, 'policy.json'))) continue;
      const policy = JSON.parse(readFileSync(join(model, 'policy.json'), 'utf8')) as Policy;
      expect(models).toMatchObject([{ model: 'm', revision: policy.revision }]);
      for (const named of routedVersions(policy)) expect(readdirSync(join(model, String(named)))).toHaveLength(3);
      const kept = readdirSync(join(model, 'policy-history')).map((name) => Number.parseInt(name));
      expect(kept.sort((a, b) => a - b)).toEqual(Array.from({ length: policy.revision + 1 }, (_, i) => i));
      revisions.push(policy.revision);
    }
  } finally {
    isChanging = false;
    await changing;
  }
  expect(warnings).toEqual([]);
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  expect(new Set(revisions).size).toBeGreaterThan(1);
}, 120_000);

it('is not there, and nothing is left of it, when it is stopped', async () => {
  const registry = join(folder.path, 'registry');
  writeVersion(registry, 'm', 1);
  const to = join(folder.path, 'backups');
  const stop = new AbortController();
  stop.abort();
  const request = { registry, to, content: 'all' as const, signal: stop.signal, warn: () => undefined };
  await expect(backUp(request)).rejects.toBe(stop.signal.reason);
  expect(readdirSync(to)).toEqual([]);
  rmSync(to, { recursive: true });
});
