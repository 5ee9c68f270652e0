import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { mixingClassifier } from '#testing/mixing-classifier';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';

let registry: TemporaryFolder;

beforeEach(() => {
  registry = temporaryRegistry({}, {}, {});
});
afterEach(() => registry.remove());

const run = (...args: (string | number)[]) => eyrie(args, { MODEL_REGISTRY: registry.path });
const versionsOnDisk = () => readdirSync(join(registry.path, MODEL)).filter((name) => /^\d+$/.test(name));

describe('looking', () => {
  it('lists and shows what is there, for people and for programs', async () => {
    const { code, stdout } = await run('models', 'list');
    expect([code, stdout]).toEqual([0, expect.stringMatching(new RegExp(`${MODEL}.*3`))]);
    const { json } = await run('models', 'list', '--json');
    expect(json[0].versions.map(({ version }: { version: number }) => version)).toEqual([1, 2, 3]);
    expect((await run('models', 'show', MODEL)).stdout).toContain(`${MODEL}, revision 0. Default: 3`);
  });

  it('verifies every version, and ends with 1 when one is damaged', async () => {
    const good = await run('models', 'verify');
    expect([good.code, good.stdout]).toEqual([
      0,
      expect.stringMatching(/ok .*version 1 .*\n.*version 2 .*\n.*version 3/),
    ]);
    truncateSync(join(registry.path, MODEL, '2/model.onnx'), 10);
    const bad = await run('models', 'verify', MODEL, '--json');
    expect(bad.code).toBe(1);
    expect(bad.json.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([
      { model: MODEL, version: 2, ok: false, detail: expect.stringContaining('has 10 bytes') },
    ]);
  });

  it('lists a version whose manifest cannot be used as FAILED, and ends with 1', async () => {
    writeFileSync(join(registry.path, MODEL, '2/model.json'), '{');
    const { code, stdout, stderr } = await run('models', 'list');
    expect([code, stdout]).toEqual([1, expect.stringMatching(/ 2 .*FAILED.*model\.json is not valid JSON/)]);
    expect(stderr).toMatch(/^eyrie: pixels version 2 is FAILED: model\.json is not valid JSON/);
  });

  it('does not verify a version whose answers depend on the batch, until its runtime says so', async () => {
    const model = mixingClassifier('a scale that is found at run time');
    const folder = join(registry.path, MODEL, '1');
    const manifest = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
    const sha256 = createHash('sha256').update(model).digest('hex');
    manifest.artifact = { file: 'model.onnx', sha256, bytes: model.length };
    writeFileSync(join(folder, 'model.onnx'), model);
    writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
    const { code, stdout } = await run('models', 'verify');
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/FAILED .*version 1 .*others in its batch .*"maxBatch": 1/),
    ]);
    writeFileSync(join(folder, 'runtime.json'), '{"maxBatch": 1}');
    expect((await run('models', 'verify')).code).toBe(0);
  });

  it('names a model that is to be verified and is not there', async () => {
    const { code, stdout, stderr } = await run('models', 'verify', 'nobody');
    expect([code, stdout, stderr]).toEqual([1, '', `eyrie: there is no model "nobody"; there are: ${MODEL}\n`]);
  });
});

describe('models remove', () => {
  it('removes a version that no policy names', async () => {
    const { code, stdout } = await run('models', 'remove', MODEL, 2, '--yes');
    expect([code, stdout]).toEqual([0, `${MODEL} version 2 is removed\n`]);
    expect(versionsOnDisk()).toEqual(['1', '3']);
    expect(readdirSync(registry.path)).toEqual([MODEL]);
  });

  it('leaves a version that the policy names, the last one, and what is not there', async () => {
    await run('alias', 'set', MODEL, 'champion', 2);
    const named = await run('models', 'remove', MODEL, 2, '--yes');
    expect([named.code, named.stderr]).toEqual([1, expect.stringContaining('names version 2')]);
    expect((await run('models', 'remove', MODEL, 9, '--yes')).stderr).toContain('no version 9; there are: 1, 2, 3');
    expect((await run('models', 'remove', 'nobody', 1, '--yes')).stderr).toContain('no model "nobody"');
    expect((await run('models', 'remove', '../..', 1, '--yes')).stderr).toContain('no model "../.."');
    expect((await run('models', 'remove', MODEL, '--yes')).code).toBe(2);
    expect((await run('models', 'remove', MODEL, 1, '--all', '--yes')).code).toBe(2);
    expect((await run('models', 'remove', MODEL, '1/../2', '--yes')).code).not.toBe(0);
    expect(versionsOnDisk()).toEqual(['1', '2', '3']);
  });

  it('asks first, and without a terminal wants to be told that it is meant', async () => {
    const { code, stderr } = await run('models', 'remove', MODEL, 2);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/removes pixels version 2, for good; .* with --yes\n/)]);
    expect(versionsOnDisk()).toEqual(['1', '2', '3']);
  });

  it('removes the model when it is told so', async () => {
    for (const version of [1, 2]) await run('models', 'remove', MODEL, version, '--yes');
    expect((await run('models', 'remove', MODEL, 3, '--yes')).stderr).toContain('is the last one');
    expect((await run('models', 'remove', MODEL, '--all', '--yes')).code).toBe(0);
    expect(readdirSync(registry.path)).toEqual([]);
  });

  it('does not follow a link out of the registry', async () => {
    const elsewhere = temporaryRegistry({});
    await run('alias', 'set', MODEL, 'champion', 1);
    symlinkSync(join(elsewhere.path, MODEL, '1'), join(registry.path, MODEL, '4'));
    expect((await run('models', 'remove', MODEL, 4, '--yes')).code).toBe(0);
    expect(existsSync(join(elsewhere.path, MODEL, '1/model.onnx'))).toBe(true);
    expect(versionsOnDisk()).toEqual(['1', '2', '3']);
    elsewhere.remove();
  });
});

describe('traffic', () => {
  it('moves aliases', async () => {
    const set = await run('alias', 'set', MODEL, 'champion', 2, '--json');
    expect([set.code, set.json]).toEqual([0, expect.objectContaining({ revision: 1, aliases: { champion: 2 } })]);
    expect((await run('alias', 'set', MODEL, 'champion', 7)).stderr).toMatch(/version 7/);
    expect((await run('alias', 'set', MODEL, 'Champion!', 1)).code).toBe(2);
    const removed = await run('alias', 'remove', MODEL, 'champion', '--json');
    expect([removed.code, removed.json.aliases]).toEqual([0, {}]);
    expect((await run('alias', 'remove', MODEL, 'champion')).stderr).toContain('champion');
  });

  it('sets, shows and rolls back a policy', async () => {
    const file = join(registry.path, 'wanted.json');
    const variants = [
      { name: 'control', version: 1, weight: 90 },
      { name: 'canary', version: 2, weight: 10 },
    ];
    writeFileSync(file, JSON.stringify({ aliases: {}, default: 1, variants }));
    const { code, stdout } = await run('policy', 'set', MODEL, file);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/revision 1[^]*control[^]*90%[^]*canary[^]*10%/)]);
    writeFileSync(file, JSON.stringify({ aliases: {}, default: 1, variants: [{ ...variants[0], weight: 99 }] }));
    expect((await run('policy', 'set', MODEL, file)).stderr).toContain('they must add up to 100');
    writeFileSync(file, '{"default": 1');
    expect((await run('policy', 'set', MODEL, file)).code).toBe(1);
    expect((await run('alias', 'set', MODEL, 'new', 3)).code).toBe(0);
    const back = await run('policy', 'rollback', MODEL, '--json');
    expect(back.json).toMatchObject({ revision: 3, aliases: {}, variants });
    expect((await run('policy', 'show', MODEL, '--json')).json).toEqual(back.json);
    const named = await run('policy', 'rollback', MODEL, '--to', 2, '--json');
    expect(named.json).toMatchObject({ revision: 4, aliases: { new: 3 }, variants });
    expect((await run('policy', 'rollback', MODEL, '--to', 9)).stderr).toContain('revision 9');
    expect((await run('policy', 'rollback', MODEL, '--to', '-1')).code).not.toBe(0);
  });

  it('starts, promotes and takes back a canary', async () => {
    const policy = () => JSON.parse(readFileSync(join(registry.path, MODEL, 'policy.json'), 'utf8')) as object;
    await run('alias', 'set', MODEL, 'champion', 1);
    expect((await run('canary', 'start', MODEL, '--version', 2, '--weight', 10)).code).toBe(0);
    expect(policy()).toMatchObject({ variants: [{ weight: 90 }, { name: 'canary', version: 2, weight: 10 }] });
    expect((await run('canary', 'status', MODEL)).stdout).toMatch(/canary.*10%[^]*Guard: watches canary/);
    expect((await run('canary', 'abort', MODEL)).code).toBe(0);
    expect((await run('canary', 'start', MODEL, '--version', 2, '--no-guard')).code).toBe(0);
    expect(policy()).not.toHaveProperty('guard');
    const promoted = await run('canary', 'promote', MODEL, '--json');
    expect(promoted.code).toBe(0);
    expect(promoted.json.variants ?? []).toEqual([]);
    expect((await run('canary', 'promote', MODEL)).code).toBe(1);
    expect((await run('canary', 'start', MODEL, '--version', 99)).stderr).toContain('99');
    expect((await run('canary', 'start', MODEL, '--version', 2, '--weight', 101)).code).not.toBe(0);
  });

  it('says that a registry that is not there is not there', async () => {
    const { code, stderr } = await eyrie(['models', 'list', '--registry', join(registry.path, 'none')]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^eyrie: cannot open .*it is not there.*\n$/)]);
  });
});

describe('keys new', () => {
  it('makes a key whose digest it prints', async () => {
    const { code, json } = await run('keys', 'new', '--id', 'ci', '--json');
    const { key, digest } = json as { key: string; digest: string };
    expect([code, digest]).toEqual([0, `ci:${createHash('sha256').update(key).digest('hex')}`]);
    expect((await run('keys', 'new', '--id', 'a b')).code).toBe(2);
  });
});
