import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeptPredictors } from '#testing/kept-predictors';
import { writeVersion } from '#testing/onnx-classifier';
import { until } from '#testing/until';
import { FolderStore } from '../stores/folder-store';
import { GUARD } from './guard.fixture';
import { ModelRegistry } from '../serving/model-registry';
import type { Policy } from './policy';
import { removeAlias, replacePolicy, setAlias } from './policy-change';

let folder: string;
const registries: ModelRegistry[] = [];
const predictors = new KeptPredictors();
afterAll(() => predictors.end());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-policy-'));
  for (const version of [1, 2, 3]) writeVersion(folder, 'm', version);
});
afterEach(async () => {
  await Promise.all(registries.splice(0).map((registry) => registry.stop(1_000)));
  rmSync(folder, { recursive: true });
});

async function open(): Promise<ModelRegistry> {
  const registry = new ModelRegistry(await FolderStore.open(folder), predictors, {
    load: 'routed',
    unloadGraceMs: 1_000,
  });
  registries.push(registry);
  await registry.refresh();
  return registry;
}

const onDisk = () => JSON.parse(readFileSync(join(folder, 'm/policy.json'), 'utf8')) as Policy;
const drafts = () =>
  readdirSync(join(folder, 'm'), { recursive: true }).filter((name) => String(name).endsWith('.draft'));

it('is in effect, with all that it names READY, when a change returns', async () => {
  const registry = await open();
  const { before, after } = await registry.changePolicy('m', setAlias('champion', 1));
  expect(before).toEqual({ revision: 0, aliases: {}, default: 3 });
  expect(after).toEqual({ revision: 1, aliases: { champion: 1 }, default: 3 });
  expect(registry.model('m').policy).toEqual(after);
  expect(onDisk()).toEqual(after);
  expect(registry.model('m').versions.get(1)!.state).toBe('READY');
});

it('can name a version that was put there a moment ago', async () => {
  const registry = await open();
  writeVersion(folder, 'm', 4);
  await registry.changePolicy('m', setAlias('newest', 4));
  expect(registry.model('m').versions.get(4)!.state).toBe('READY');
});

it('is not changed to one whose version cannot be served', async () => {
  const registry = await open();
  writeFileSync(join(folder, 'm/2/model.onnx'), 'broken');
  await expect(registry.changePolicy('m', setAlias('champion', 2))).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('version 2: model.onnx has 6 bytes'),
  });
  expect(existsSync(join(folder, 'm/policy.json'))).toBe(false);
});

it('goes back, and back again, one revision at a time', async () => {
  const registry = await open();
  await registry.changePolicy('m', setAlias('champion', 1));
  await registry.changePolicy('m', setAlias('champion', 2));
  await registry.changePolicy('m', setAlias('champion', 3));
  const champion = async () => (await registry.rollbackPolicy('m')).after.aliases.champion;
  expect(await champion()).toBe(2);
  expect(await champion()).toBe(1);
  expect(await champion()).toBeUndefined();
  await expect(champion()).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('no policy before'),
  });
  expect(onDisk().revision).toBe(6);
});

describe('a rollback', () => {
  const canary = (weight: number) => (policy: Policy) => ({
    ...policy,
    variants: [
      { name: 'control', version: 'champion', weight: 100 - weight },
      { name: 'canary', version: 3, weight },
    ],
    guard: GUARD,
  });
  const end = (champion: number) => (policy: Policy) => ({
    ...policy,
    aliases: { champion },
    variants: undefined,
    guard: undefined,
  });

  /** As a guard leaves it that took version 3 from 10 to 50 to 100 %: revisions 2 to 4. */
  async function completed(): Promise<ModelRegistry> {
    const registry = await open();
    await registry.changePolicy('m', replacePolicy({ aliases: { champion: 1 }, default: 'champion' }));
    for (const weight of [10, 50, 100]) await registry.changePolicy('m', canary(weight));
    return registry;
  }

  it('takes a guarded canary back as a whole, with every step that its guard has made', async () => {
    const registry = await completed();
    const { after } = await registry.rollbackPolicy('m');
    expect(after).toEqual({ revision: 5, aliases: { champion: 1 }, default: 'champion' });
  });

  it('gives nothing to a canary that its guard has taken back', async () => {
    const registry = await completed();
    await registry.changePolicy('m', canary(0));
    expect((await registry.rollbackPolicy('m')).after).toEqual({
      revision: 6,
      aliases: { champion: 1 },
      default: 'champion',
    });
  });

  it('takes a promoted canary back to what was there before it began', async () => {
    const registry = await completed();
    await registry.changePolicy('m', end(3));
    expect((await registry.rollbackPolicy('m')).after.aliases).toEqual({ champion: 1 });
    expect(onDisk().guard).toBeUndefined();
  });

  it('never brings back what an earlier one has undone', async () => {
    const registry = await completed();
    await registry.changePolicy('m', end(3));
    await registry.rollbackPolicy('m');
    await registry.changePolicy('m', setAlias('champion', 2));
    const champion = async () => (await registry.rollbackPolicy('m')).after.aliases.champion;
    expect(await champion()).toBe(1);
    expect(await champion()).toBeUndefined();
  });

  it('to a revision brings back exactly that one', async () => {
    const registry = await completed();
    expect((await registry.rollbackPolicy('m', 4, 3)).after).toEqual({ ...canary(50)(onDisk()), revision: 5 });
    await expect(registry.rollbackPolicy('m', undefined, 9)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'revision 9 of the policy of m was not kept',
    });
  });

  it('says so when all there was had a guard', async () => {
    writeFileSync(
      join(folder, 'm/policy.json'),
      JSON.stringify({ ...canary(10)({ revision: 7, aliases: { champion: 1 }, default: 'champion' }) }),
    );
    const registry = await open();
    await registry.changePolicy('m', canary(50));
    await expect(registry.rollbackPolicy('m')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('no policy without a guard'),
    });
  });
});

it('forgets nothing that was edited by hand', async () => {
  const registry = await open();
  writeFileSync(join(folder, 'm/policy.json'), JSON.stringify({ revision: 40, aliases: { mine: 1 }, default: 1 }));
  await registry.changePolicy('m', setAlias('champion', 2));
  expect(onDisk()).toMatchObject({ revision: 41, aliases: { mine: 1, champion: 2 } });
  expect((await registry.rollbackPolicy('m')).after).toEqual({ revision: 42, aliases: { mine: 1 }, default: 1 });
});

it.each([
  ['no JSON', '{', /must be mended by hand first: 1\.json cannot be read/],
  ['no policy', '{"revision":1}', /policy-history\/1\.json is no revision of a policy: it has no policy/],
  ['a broken policy', '{"policy":{"revision":1,"aliases":{"a":"x"},"default":1}}', /1\.json .*alias "a" must name/],
  ['a broken place', '{"policy":{"revision":1,"aliases":{},"default":1},"restores":"0"}', /"restores" must be/],
])('is not rolled back to a kept revision that is %s, and the file is named', async (_, text, why) => {
  const registry = await open();
  await registry.changePolicy('m', setAlias('champion', 3));
  await registry.changePolicy('m', setAlias('other', 3));
  writeFileSync(join(folder, 'm/policy-history/1.json'), text);
  const before = onDisk();
  await expect(registry.rollbackPolicy('m')).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(why),
  });
  expect(onDisk()).toEqual(before);
});

it('is changed by one of two who change it at once, and the other is told', async () => {
  const [one, other] = [await open(), await open()];
  const results = await Promise.allSettled([
    one.changePolicy('m', setAlias('a', 1)),
    other.changePolicy('m', setAlias('b', 2)),
    one.changePolicy('m', setAlias('c', 3)),
  ]);
  const failed = results.filter(({ status }) => status === 'rejected');
  expect(results.length - failed.length).toBe(1);
  for (const { reason } of failed as PromiseRejectedResult[])
    expect(reason).toMatchObject({ code: 'PRECONDITION_FAILED' });
  expect(onDisk().revision).toBe(1);
  expect(Object.keys(onDisk().aliases)).toHaveLength(1);
  expect(drafts()).toEqual([]);
});

it('is not built on another revision than the one that was asked for', async () => {
  const registry = await open();
  await registry.changePolicy('m', setAlias('champion', 1), 0);
  await expect(registry.changePolicy('m', setAlias('champion', 2), 0)).rejects.toMatchObject({
    code: 'PRECONDITION_FAILED',
    message: 'the policy is at revision 1, not 0; read it again',
  });
});

it.each([
  ['an alias that is not there', removeAlias('nobody'), 'VERSION_NOT_FOUND'],
  ['a missing version', setAlias('champion', 9), 'INVALID_REQUEST'],
  [
    'weights of 99',
    replacePolicy({ aliases: {}, default: 1, variants: [{ name: 'a', version: 1, weight: 99 }] }),
    'INVALID_REQUEST',
  ],
  [
    'a guard on disagreement without a shadow',
    replacePolicy({
      aliases: {},
      default: 1,
      variants: [{ name: 'a', version: 1, weight: 100 }],
      guard: {
        variant: 'a',
        window_s: 1,
        min_requests: 1,
        max_error_rate: 0,
        max_p95_ratio: 1,
        max_disagreement: 0,
        steps: [],
        step_s: 1,
      },
    }),
    'INVALID_REQUEST',
  ],
  ['an unknown key', replacePolicy({ aliases: {}, default: 1, colour: 'red' }), 'INVALID_REQUEST'],
  ['nothing', replacePolicy({}), 'INVALID_REQUEST'],
])('is refused with %s', async (_, edit, code) => {
  const registry = await open();
  await expect(registry.changePolicy('m', edit)).rejects.toMatchObject({ code });
  expect(existsSync(join(folder, 'm/policy.json'))).toBe(false);
});

it.each(['Champion', '1st', 'a/b', '../x', 'é', 'a'.repeat(300), ''])('has no alias called "%s"', (alias) => {
  expect(() => setAlias(alias, 1)).toThrow('cannot be an alias');
});

const asRoot = process.getuid?.() === 0;
(asRoot ? it.skip : it)('says so when the registry is read-only', async () => {
  const registry = await open();
  chmodSync(join(folder, 'm'), 0o555);
  await expect(registry.changePolicy('m', setAlias('champion', 1))).rejects.toMatchObject({
    code: 'REGISTRY_READ_ONLY',
  });
  chmodSync(join(folder, 'm'), 0o755);
});

describe('loading and unloading by hand', () => {
  it('loads what the policy does not name, and unloads it again', async () => {
    const registry = await open();
    expect((await registry.load('m', 1)).state).toBe('READY');
    await registry.refresh();
    expect(registry.model('m').versions.get(1)!.state).toBe('READY');
    expect((await registry.unload('m', 1)).state).toBe('UNLOADED');
  });

  it('keeps what was loaded by hand when an alias of it goes, and unloads what only the alias had loaded', async () => {
    const registry = await open();
    await registry.load('m', 1);
    for (const version of [1, 2]) await registry.changePolicy('m', setAlias(`alias-${version}`, version));
    for (const version of [1, 2]) await registry.changePolicy('m', removeAlias(`alias-${version}`));
    await until(() => registry.model('m').versions.get(2)!.state === 'UNLOADED', 'version 2 is unloaded');
    expect(registry.model('m').versions.get(1)!.state).toBe('READY');
  });

  it('does not unload what the policy names', async () => {
    const registry = await open();
    await expect(registry.unload('m', 3)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(registry.model('m').versions.get(3)!.state).toBe('READY');
  });
});
