import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultyFiles, type Fault } from '../stores/faulty-files.fixture';
import type { FileCalls } from '../stores/file-calls';
import { FolderStore } from '../stores/folder-store';
import type { Policy } from './policy';
import { draftChange, draftRollback, setAlias } from './policy-change';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-write-'));
  for (const version of [1, 2, 3]) mkdirSync(join(folder, 'm', String(version)), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = (...names: string[]) => join(folder, 'm', ...names);
const onDisk = () => JSON.parse(readFileSync(path('policy.json'), 'utf8')) as Policy;
const championOnDisk = () => (existsSync(path('policy.json')) ? onDisk().aliases.champion : undefined);
const drafts = () => readdirSync(path(), { recursive: true }).filter((name) => String(name).endsWith('.draft'));
const kept = () => readdirSync(path('policy-history')).sort();

async function change(version: number, files?: FileCalls): Promise<void> {
  const store = await FolderStore.open(folder);
  const { before, record } = await draftChange(store, 'm', setAlias('champion', version));
  await (files ? await FolderStore.open(folder, files) : store).writePolicy('m', record, before);
}

/** As a server that starts, or looks again. */
const look = async () => (await FolderStore.open(folder)).finishInterrupted('m', [1, 2, 3]);

describe('a policy that was put back by hand to an older revision', () => {
  beforeEach(async () => {
    for (const version of [1, 2, 3]) await change(version);
    cpSync(path('policy.json'), join(folder, 'latest'));
    const { policy } = JSON.parse(readFileSync(path('policy-history', '1.json'), 'utf8')) as { policy: Policy };
    writeFileSync(path('policy.json'), JSON.stringify(policy));
  });

  it('stays in force, whoever looks', async () => {
    expect(await look()).toBeUndefined();
    expect(onDisk()).toMatchObject({ revision: 1, aliases: { champion: 1 } });
  });

  it('is changed by the first who asks, under a number that nobody has had', async () => {
    await change(2);
    expect(onDisk()).toMatchObject({ revision: 4, aliases: { champion: 2 } });
  });

  it('is what a rollback of that change brings back', async () => {
    await change(2);
    const { record } = await draftRollback(await FolderStore.open(folder), 'm');
    expect(record.policy).toMatchObject({ revision: 5, aliases: { champion: 1 } });
  });
});

it('that was edited by hand under the number that it had can be brought back, and so can what it was before', async () => {
  await change(1);
  writeFileSync(path('policy.json'), JSON.stringify({ ...onDisk(), aliases: { champion: 3 } }));
  expect((await draftRollback(await FolderStore.open(folder), 'm')).record.policy.aliases).toEqual({ champion: 1 });
  await change(2);
  const rollBack = async () => {
    const store = await FolderStore.open(folder);
    const { record, before } = await draftRollback(store, 'm');
    await store.writePolicy('m', record, before);
    return championOnDisk();
  };
  expect(await rollBack()).toBe(3);
});

it('is changed by one of two who build on the same, however they take turns', async () => {
  const store = await FolderStore.open(folder);
  const [one, other] = await Promise.all(
    [2, 3].map((version) => draftChange(store, 'm', setAlias('champion', version))),
  );
  await store.writePolicy('m', one!.record, one!.before);
  await expect(store.writePolicy('m', other!.record, other!.before)).rejects.toMatchObject({
    code: 'PRECONDITION_FAILED',
  });
  expect(championOnDisk()).toBe(2);
  expect(drafts()).toEqual([]);
});

/** The write of version 2 over version 1, with one step that fails. @returns whether it was said to be done */
async function write(fault: Fault, failing: number, onDeath?: () => Promise<never>) {
  const faulty = new FaultyFiles(failing, fault, onDeath);
  const refused = change(2, faulty.files).then(
    () => false,
    () => true,
  );
  const isRefused = fault === 'death' ? await Promise.race([refused, silence(faulty)]) : await refused;
  await faulty.end();
  return { faulty, isRefused };
}

async function silence(faulty: FaultyFiles): Promise<undefined> {
  while (!faulty.hasFailed) await sleep(1);
  await sleep(5);
}

describe.each<Fault>(['EIO', 'ENOSPC', 'death'])('whatever step of a write ends in %s', (fault) => {
  it('the policy is the old one or the new one, and the next change is made', async () => {
    const all = await write('EIO', 0);
    expect(all.isRefused).toBe(false);
    expect(all.faulty.steps).toBeGreaterThan(10);
    for (let step = 1; step <= all.faulty.steps; step++) {
      rmSync(path('policy.json'), { force: true });
      rmSync(path('policy-history'), { recursive: true, force: true });
      for (const name of drafts()) rmSync(path(String(name)));
      await change(1);
      const { faulty, isRefused } = await write(fault, step);
      const at = `step ${step}, ${faulty.names[step - 1]}`;
      const seen = championOnDisk();
      expect([at, [1, 2].includes(seen!)]).toEqual([at, true]);
      await look();
      // Refused is the old one for good; done is the new one; of one who has died it is either.
      if (isRefused === true) expect([at, seen, championOnDisk()]).toEqual([at, 1, 1]);
      if (isRefused === false) expect([at, seen]).toEqual([at, 2]);
      if (isRefused === true) expect([at, kept()]).toEqual([at, expect.not.arrayContaining(['2.json'])]);
      await change(3);
      expect([at, championOnDisk()]).toEqual([at, 3]);
    }
  });
});

it('whose writer was killed after it had taken the revision is finished by the next look, and by no change', async () => {
  await change(1);
  const faulty = new FaultyFiles(0, 'death');
  await change(2, faulty.files);
  const rename = faulty.names.lastIndexOf('rename') + 1;
  await change(1);
  await write('death', rename);
  await expect(change(3)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  expect(championOnDisk()).toBe(1);
  expect(await look()).toBe(4);
  expect(onDisk()).toMatchObject({ revision: 4, aliases: { champion: 2 } });
  await change(3);
  expect(onDisk()).toMatchObject({ revision: 5, aliases: { champion: 3 } });
});

it('whose writer was killed is left as it is where somebody has put another one there since', async () => {
  await change(1);
  const faulty = new FaultyFiles(0, 'death');
  await change(2, faulty.files);
  await change(1);
  await write('death', faulty.names.lastIndexOf('rename') + 1);
  writeFileSync(path('policy.json'), JSON.stringify({ revision: 9, aliases: { mine: 3 }, default: 3 }));
  expect(await look()).toBeUndefined();
  expect(onDisk()).toMatchObject({ revision: 9, aliases: { mine: 3 } });
  expect(drafts()).toEqual([]);
  await change(2);
  expect(onDisk()).toMatchObject({ revision: 10, aliases: { mine: 3, champion: 2 } });
});

it('of a process that is really killed in the middle is the old one or the new one', async () => {
  await change(1);
  const all = new FaultyFiles(0, 'death');
  await change(2, all.files);
  const points = ['writeFile', 'link', 'rename'].flatMap((name) => {
    const first = all.names.lastIndexOf(name) + 1;
    return [first, first + 1];
  });
  for (const step of points) {
    await change(1).catch(() => undefined);
    const child = fork(join(__dirname, '../../../../testing/policy-writer.cjs'), [folder, String(step)], {
      stdio: 'ignore',
    });
    const [, signal] = (await once(child, 'exit')) as [number, string];
    expect([step, signal]).toEqual([step, 'SIGKILL']);
    expect([1, 2]).toContain(championOnDisk());
    await look();
    const settled = championOnDisk();
    expect([1, 2]).toContain(settled);
    expect(drafts()).toEqual([]);
    await change(3);
    expect(championOnDisk()).toBe(3);
  }
});

describe('drafts of writers who are gone', () => {
  const DEAD = 'policy-history/7.json.ab12cd34-1-0123456789ab.draft';
  const OURS = 'policy-history/8.json.0123456789ab.draft';
  const THEIRS = '1/notes.draft';

  it('are removed once they are old, and nothing else is', async () => {
    await change(1);
    for (const name of [DEAD, OURS, THEIRS, '2/model.json.0123456789ab.draft']) writeFileSync(path(name), '{');
    await look();
    expect(drafts()).toHaveLength(4);
    for (const name of drafts()) utimesSync(path(String(name)), 1, 1);
    await look();
    expect(drafts()).toEqual([THEIRS]);
  });

  it('and what they had begun to remove, once that is old', async () => {
    const list = async () => (await FolderStore.open(folder)).listModels();
    for (const name of ['.removed-0123456789ab', '.removed-by-hand'])
      mkdirSync(join(folder, name, '1'), { recursive: true });
    await list();
    expect(readdirSync(folder).sort()).toEqual(['.removed-0123456789ab', '.removed-by-hand', 'm']);
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), 1, 1);
    await list();
    expect(readdirSync(folder).sort()).toEqual(['.removed-by-hand', 'm']);
  });
});
