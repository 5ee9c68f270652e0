import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '#testing/until';
import { FolderStore } from './folder-store';
import { childrenOf } from '#testing/children';
import { StorageProcess, type StorageOutcome } from './storage-process';

let folder: string;
let storage: StorageProcess;
let outcomes: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-storage-'));
  mkdirSync(join(folder, 'm/1'), { recursive: true });
  outcomes = [];
});
afterEach(() => {
  storage.close();
  rmSync(folder, { recursive: true });
});

const open = (timeoutMs: number) => {
  const onCall = (call: string, _: number, outcome: StorageOutcome) => outcomes.push(`${call} ${outcome}`);
  const timeout = { setting: 'REGISTRY_TIMEOUT_MS', value: timeoutMs };
  return (storage = new StorageProcess({ timeout, onCall }));
};
const processes = () => childrenOf(process.pid, 'stores/process/main.js');

it('does what is asked, and fails as the file system does', async () => {
  open(60_000);
  await storage.create(join(folder, 'a'), 'text');
  expect(Buffer.from(await storage.read(join(folder, 'a'))).toString()).toBe('text');
  expect(await storage.sha256(join(folder, 'a'))).toMatch(/^982d9e3eb996/);
  await expect(storage.create(join(folder, 'a'), 'other')).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(storage.read(join(folder, 'b'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(storage.read(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  const found = (await storage.list(folder)).sort((a, b) => a.name.localeCompare(b.name));
  expect(found).toEqual([
    { name: 'a', kind: 'file' },
    { name: 'm', kind: 'folder' },
  ]);
  expect(outcomes).toEqual([
    'create done',
    'read done',
    'sha256 done',
    'create done',
    'read done',
    'read failed',
    'list done',
  ]);
});

it('gives a call up that hangs, with what waits behind it, and asks another process from then on', async () => {
  open(1_000);
  await until(async () => (await storage.list(folder).catch(() => [])).length > 0, 'a process answers');
  const [stopped] = processes() as [number];
  process.kill(stopped, 'SIGSTOP');
  const calls = await Promise.allSettled([storage.list(folder), storage.read(join(folder, 'a')), storage.sync(folder)]);
  for (const call of calls) {
    expect(call).toMatchObject({ status: 'rejected', reason: { code: 'REGISTRY_UNAVAILABLE' } });
  }
  expect(outcomes.filter((outcome) => outcome.endsWith('timeout')).length).toBeGreaterThanOrEqual(3);
  await until(() => !processes().includes(stopped), 'the process that hung is gone');
  const again = async () => (await storage.list(folder).catch(() => [])).length > 0;
  await until(again, 'another process answers');
});

it('lets more calls wait than there are threads, and gives all of them up when it hangs', async () => {
  open(60_000);
  const many = () => Promise.allSettled(Array.from({ length: 1_000 }, () => storage.list(folder)));
  expect((await many()).every(({ status }) => status === 'fulfilled')).toBe(true);
  storage.close();
  open(1_000);
  await until(async () => (await storage.list(folder).catch(() => [])).length > 0, 'a process answers');
  processes().forEach((pid) => process.kill(pid, 'SIGSTOP'));
  expect((await many()).every(({ status }) => status === 'rejected')).toBe(true);
});

it('fails what a process was asked that is killed, and goes on with another one', async () => {
  open(60_000);
  await storage.list(folder);
  // Those of the tests before end on their own time.
  await until(() => processes().length === 1, 'there is no other process');
  const [pid] = processes();
  process.kill(pid!, 'SIGSTOP');
  const asked = expect(storage.list(folder)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  // What has not been sent when its process dies is asked of another one.
  await sleep(100);
  process.kill(pid!, 'SIGKILL');
  await asked;
  expect(await storage.list(folder)).toHaveLength(1);
});

it('is a store like any other', async () => {
  open(60_000);
  const store = await FolderStore.open(folder, storage);
  expect(await store.listModels()).toEqual(['m']);
  await store.writePolicy(
    'm',
    { policy: { revision: 1, aliases: {}, default: 1 } },
    { revision: 0, aliases: {}, default: 1 },
  );
  expect(await store.readPolicy('m')).toEqual({ revision: 1, aliases: {}, default: 1 });
  writeFileSync(join(folder, 'm/policy.json'), '{');
  await expect(store.readPolicy('m')).rejects.toThrow('policy.json cannot be read');
});
