import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderStore } from '../stores/folder-store';
import type { Policy } from './policy';
import { draftChange, draftRollback, replacePolicy, setAlias, setDefault, type PolicyEdit } from './policy-change';

// What is in the folders of the versions does not matter to a policy.
let folder: string;
let store: FolderStore;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-change-'));
  for (const version of [1, 2, 3]) mkdirSync(join(folder, 'm', String(version)), { recursive: true });
  store = await FolderStore.open(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const CHAMPION = { aliases: { champion: 1 }, default: 'champion' };

async function change(edit: PolicyEdit): Promise<Policy> {
  const draft = await draftChange(store, 'm', edit);
  if (draft.isChange) await store.writePolicy('m', draft.record, draft.before);
  return (await store.readPolicy('m')) as Policy;
}

async function rollBack(to?: number): Promise<Policy> {
  const draft = await draftRollback(store, 'm', { to });
  if (draft.isChange) await store.writePolicy('m', draft.record, draft.before);
  return (await store.readPolicy('m')) as Policy;
}

describe('what changes nothing', () => {
  it.each<[string, PolicyEdit]>([
    ['an alias that names the version already', setAlias('champion', 1)],
    ['the default that it is already', setDefault('champion')],
    ['a policy in another order', replacePolicy({ default: 'champion', shadows: [], aliases: { champion: 1 } })],
  ])('makes no revision: %s', async (_, edit) => {
    await change(replacePolicy(CHAMPION));
    expect((await change(edit)).revision).toBe(1);
  });

  it('is written all the same where nothing has been written yet: it is no default any more then', async () => {
    expect(await change(replacePolicy({ aliases: {}, default: 3 }))).toEqual({ revision: 1, aliases: {}, default: 3 });
  });

  it('is no revision that a rollback goes back to', async () => {
    await change(replacePolicy(CHAMPION));
    await change(setAlias('champion', 2));
    // As an earlier release, or a hand, has left it: the same policy as two revisions.
    const [before, again] = [2, 3].map((revision) => ({ revision, ...CHAMPION, aliases: { champion: 2 } }));
    await store.writePolicy('m', { policy: again! }, before!);
    expect((await rollBack()).aliases).toEqual({ champion: 1 });
  });

  it('is a rollback to what is in force', async () => {
    await change(replacePolicy(CHAMPION));
    expect((await rollBack(1)).revision).toBe(1);
  });
});

describe('the default', () => {
  it('is moved by its alias, or is another alias', async () => {
    await change(replacePolicy({ aliases: { champion: 1, next: 3 }, default: 'champion' }));
    expect(await change(setDefault(2))).toMatchObject({ aliases: { champion: 2, next: 3 }, default: 'champion' });
    expect(await change(setDefault('next'))).toMatchObject({ default: 'next' });
  });

  it('is a number where it was one', async () => {
    await change(replacePolicy({ aliases: {}, default: 1 }));
    expect(await change(setDefault(2))).toMatchObject({ aliases: {}, default: 2 });
  });

  it.each([[9], ['nobody']])('is not moved to %s, which is not there', async (ref) => {
    await change(replacePolicy({ aliases: {}, default: 1 }));
    await expect(change(setDefault(ref))).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('is not moved under a split, which would give it nothing', async () => {
    await change(replacePolicy({ ...CHAMPION, variants: [{ name: 'all', version: 2, weight: 100 }] }));
    await expect(change(setDefault(3))).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('a shadow of the default', () => {
  it('is refused, by number and by alias', async () => {
    for (const version of [1, 'champion']) {
      const policy = { ...CHAMPION, shadows: [{ version, percent: 100 }] };
      await expect(change(replacePolicy(policy))).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('version 1 is the default'),
      });
    }
  });

  it.each<[string, PolicyEdit]>([
    ['its alias', setAlias('champion', 2)],
    ['a number', setDefault(2)],
  ])('goes when the default moves to it by %s', async (_, edit) => {
    const shadows = [2, 3].map((version) => ({ version, percent: 100 }));
    await change(replacePolicy({ ...CHAMPION, shadows }));
    expect((await change(edit)).shadows).toEqual([{ version: 3, percent: 100 }]);
  });

  it('that somebody has written by hand hinders no change', async () => {
    await change(replacePolicy(CHAMPION));
    const byHand = { revision: 1, ...CHAMPION, shadows: [{ version: 1, percent: 1 }] };
    writeFileSync(join(folder, 'm/policy.json'), JSON.stringify(byHand));
    expect((await change(setAlias('other', 3))).aliases).toEqual({ champion: 1, other: 3 });
  });
});
