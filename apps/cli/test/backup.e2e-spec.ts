import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { writeVersion } from '#testing/onnx-classifier';
import { MODEL, REPOSITORY, temporaryFolder, type TemporaryFolder } from '#testing/registry';
import { until } from '#testing/until';

let folder: TemporaryFolder;
let registry: string;
let backups: string;

beforeEach(async () => {
  folder = temporaryFolder();
  registry = join(folder.path, 'registry');
  backups = join(folder.path, 'backups');
  for (const version of [1, 2]) writeVersion(registry, MODEL, version);
  writeVersion(registry, 'other', 1);
  writeFileSync(join(registry, 'registry.json'), `{"schema": 1, "default": "${MODEL}"}`);
  for (const version of [1, 2]) await run('alias', 'set', MODEL, 'champion', version);
});
afterEach(() => folder.remove());

const run = (...args: (string | number)[]) => eyrie(args, { MODEL_REGISTRY: registry });
const at = (...names: string[]) => join(registry, ...names);
const policy = () => JSON.parse(readFileSync(at(MODEL, 'policy.json'), 'utf8'));

/** @returns the folder of a new backup */
async function backUp(...args: string[]): Promise<string> {
  const { code, json, stderr } = await run('backup', backups, '--json', ...args);
  expect([code, stderr]).toEqual([0, '']);
  return json.backup as string;
}

/** Every file, and what is in it. */
function contents(root: string): Record<string, string> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(root, name)).isFile(),
  );
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(root, name), 'base64')]));
}

describe('a backup', () => {
  it('has the registry as it is, and brings it back into a folder that is not there', async () => {
    mkdirSync(at('.downloads'));
    writeFileSync(at('.downloads/part'), 'not a part of it');
    const backup = await backUp();
    rmSync(at('.downloads'), { recursive: true });
    expect(contents(join(backup, 'registry'))).toEqual(contents(registry));
    const elsewhere = join(folder.path, 'elsewhere');
    const dry = await eyrie(['restore', backups, '--registry', elsewhere, '--dry-run']);
    expect([dry.code, dry.stdout, existsSync(elsewhere)]).toEqual([
      0,
      expect.stringContaining(`add       ${MODEL}`),
      false,
    ]);
    const { code, json } = await eyrie(['restore', backups, '--registry', elsewhere, '--json']);
    expect([code, json.steps.map(({ model, path }: Record<string, string>) => model ?? path)]).toEqual([
      0,
      ['other', MODEL, 'registry.json'].sort(
        (a, b) => Number(a.includes('.')) - Number(b.includes('.')) || a.localeCompare(b),
      ),
    ]);
    expect(contents(elsewhere)).toEqual(contents(registry));
    // A server serves what has one name only.
    expect((await eyrie(['models', 'verify', '--registry', elsewhere])).code).toBe(0);
  });

  it('copies nothing of what was backed up before, and is as good without the one before', async () => {
    const first = await backUp();
    writeVersion(registry, MODEL, 3);
    const { json } = await run('backup', backups, '--keep', 1, '--json');
    expect(json.copied).toBeGreaterThan(statSync(at(MODEL, '3/model.onnx')).size);
    expect(json.copied).toBeLessThan(json.bytes / 2);
    expect([json.removed, readdirSync(backups)]).toEqual([[first], [json.backup.slice(backups.length + 1)]]);
    expect((await run('restore', backups)).stdout).toContain('has all of it');
    rmSync(at(MODEL, '1'), { recursive: true });
    expect((await run('restore', backups)).code).toBe(0);
    expect(existsSync(at(MODEL, '1/model.onnx'))).toBe(true);
  });

  it('of policies alone has every revision, stands beside whole ones, and takes none of their places', async () => {
    const whole = await backUp();
    await backUp('--only', 'policies');
    const only = await backUp('--only', 'policies', '--keep', '1');
    expect(readdirSync(backups).sort()).toEqual([whole, only].map((path) => path.slice(backups.length + 1)).sort());
    expect(Object.keys(contents(join(only, 'registry')))).toEqual([
      ...[0, 1, 2].map((revision) => `${MODEL}/policy-history/${revision}.json`),
      `${MODEL}/policy.json`,
      'registry.json',
    ]);
    await run('alias', 'set', MODEL, 'champion', 1);
    expect((await run('restore', backups, '--only', 'policies', '--yes')).code).toBe(0);
    expect(policy()).toMatchObject({ revision: 4, aliases: { champion: 2 } });
  });

  it('has a broken version and a broken policy as they are, and says so', async () => {
    truncateSync(at(MODEL, '1/model.onnx'), 10);
    writeFileSync(at(MODEL, '2/model.json'), '{');
    mkdirSync(at(MODEL, '3'));
    writeFileSync(at(MODEL, '3/labels.txt'), 'a\n');
    writeFileSync(at('other/policy.json'), '{');
    const { code, stderr, json } = await run('backup', backups, '--json');
    expect([code, stderr.split('\n').length]).toEqual([0, 5]);
    expect(json.warnings).toEqual(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.replace('eyrie: ', '')),
    );
    expect(stderr).toMatch(/pixels\/1 is backed up as it is, .*: model\.onnx is not what model\.json says/);
    expect(stderr).toMatch(/pixels\/2 is backed up as it is, .*: model\.json is not valid JSON/);
    expect(stderr).toMatch(/pixels\/3 is backed up as it is, .*: it has no model\.json/);
    expect(stderr).toMatch(/other\/policy\.json is backed up as it is, and cannot be used/);
    expect(contents(join(json.backup, 'registry'))).toEqual(contents(registry));
  });

  it('follows links as a server does, and names those that lead nowhere or out', async () => {
    writeFileSync(join(folder.path, 'outside'), 'secret');
    mkdirSync(at('..data'));
    renameSync(at(MODEL, '1/labels.txt'), at('..data/labels.txt'));
    symlinkSync(at('..data/labels.txt'), at(MODEL, '1/labels.txt'));
    symlinkSync(join(folder.path, 'outside'), at(MODEL, '1/outside'));
    symlinkSync(at('nothing'), at(MODEL, '1/nothing'));
    symlinkSync(at(MODEL), at(MODEL, '1/round'));
    const { code, json } = await run('backup', backups, '--json');
    expect([code, json.warnings]).toEqual([
      0,
      [
        expect.stringMatching(/pixels\/1\/nothing is a link that leads nowhere/),
        expect.stringMatching(/pixels\/1\/outside is a link that leads out of the registry/),
        expect.stringMatching(/pixels\/1\/round is a link to a folder that it lies in/),
      ],
    ]);
    expect(statSync(join(json.backup, 'registry', MODEL, '1/labels.txt')).isFile()).toBe(true);
  });

  it.each([
    ['in the registry', () => at('backups'), /lies in the registry .* choose a folder elsewhere/],
    ['in a version, by a link', () => linkTo(at(MODEL, '1')), /lies in the registry/],
    [
      'in a folder that is not there',
      () => join(folder.path, 'no/backups'),
      /there is no folder .*no in which backups/,
    ],
    ['that is a file', () => at('registry.json'), /registry\.json is a file; backups are kept in a folder/],
  ])('is not made %s', async (_, where, why) => {
    const before = contents(registry);
    const { code, stdout, stderr } = await run('backup', where());
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(why)]);
    expect(contents(registry)).toEqual(before);
  });

  it('of an empty registry is none: it would take the place of a good one', async () => {
    const backup = await backUp();
    rmSync(registry, { recursive: true });
    mkdirSync(registry);
    const { code, stderr } = await run('backup', backups, '--keep', 1);
    expect([code, stderr]).toEqual([1, expect.stringContaining('no version of a model in')]);
    expect(readdirSync(backups)).toEqual([backup.slice(backups.length + 1)]);
  });

  it('is made of a folder alone, and says so where the environment names a server', async () => {
    for (const command of ['backup', 'restore']) {
      const { code, stderr } = await eyrie([command, backups], { EYRIE_SERVER: 'http://127.0.0.1:1' });
      expect([code, stderr]).toEqual([2, expect.stringContaining('is not sent to the server that EYRIE_SERVER names')]);
    }
  });
});

function linkTo(target: string): string {
  const link = join(folder.path, 'link');
  symlinkSync(target, link);
  return link;
}

describe('a restore', () => {
  it('adds what is missing without a question, and keeps what is not in the backup', async () => {
    await backUp();
    rmSync(at(MODEL, '1'), { recursive: true });
    rmSync(at('other'), { recursive: true });
    writeVersion(registry, MODEL, 3);
    const { code, stdout } = await run('restore', backups);
    expect([code, stdout.split('\n').slice(0, 3)]).toEqual([
      0,
      [
        'added     other',
        `added     ${MODEL} version 1`,
        `kept      ${MODEL} version 3 is not in the backup, and stays`,
      ],
    ]);
    expect(existsSync(at(MODEL, '3'))).toBe(true);
  });

  it('asks before it replaces, and changes nothing where nobody can be asked', async () => {
    await backUp();
    const good = readFileSync(at(MODEL, '1/model.onnx'));
    writeFileSync(at(MODEL, '1/model.onnx'), 'rotten');
    await run('alias', 'set', MODEL, 'champion', 1);
    const damaged = contents(registry);
    const refused = await run('restore', backups);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(
        /in the place of .*: pixels version 1, the policy of pixels; there is no terminal to ask on/,
      ),
    ]);
    expect(contents(registry)).toEqual(damaged);
    expect((await run('restore', backups, '--yes')).code).toBe(0);
    expect(readFileSync(at(MODEL, '1/model.onnx'))).toEqual(good);
    expect(readdirSync(registry).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('makes an older policy the next revision, which a rollback undoes', async () => {
    await backUp();
    await run('alias', 'set', MODEL, 'champion', 1);
    await run('alias', 'set', MODEL, 'challenger', 2);
    expect((await run('restore', backups, MODEL, '--yes')).code).toBe(0);
    expect(policy()).toEqual({ revision: 5, aliases: { champion: 2 }, default: 2 });
    const { json } = await run('policy', 'history', MODEL, '--json');
    expect(json[0]).toMatchObject({ revision: 5, by: expect.stringContaining('a restore by') });
    expect((await run('policy', 'rollback', MODEL, '--json')).json).toMatchObject({
      aliases: { champion: 1, challenger: 2 },
    });
  });

  it('of one version brings back that alone, and lets it answer nobody by itself', async () => {
    rmSync(at('other'), { recursive: true });
    for (const version of [1, 2]) writeVersion(registry, 'other', version);
    await backUp();
    rmSync(at('other/2'), { recursive: true });
    rmSync(at(MODEL, '1'), { recursive: true });
    expect((await run('restore', backups, 'other', 2)).stdout).toMatch(/^added {5}other version 2\n/);
    expect(existsSync(at(MODEL, '1'))).toBe(false);
    expect(JSON.parse(readFileSync(at('other/policy.json'), 'utf8'))).toMatchObject({ aliases: { champion: 1 } });
  });

  it('keeps what has been measured or added beside a version since', async () => {
    await backUp();
    writeFileSync(at(MODEL, '1/runtime.json'), '{"maxBatch": 1}');
    expect((await run('restore', backups)).stdout).toContain('has all of it');
    await backUp();
    writeFileSync(at(MODEL, '1/runtime.json'), '{"maxBatch": 2}');
    const { json } = await run('restore', backups, '--yes', '--json');
    expect(json.steps).toEqual([
      { action: 'replace', what: 'file', model: MODEL, path: `${MODEL}/1/runtime.json`, files: 1 },
    ]);
    expect(readFileSync(at(MODEL, '1/runtime.json'), 'utf8')).toBe('{"maxBatch": 1}');
  });

  it.each([
    ['other bytes', (file: string) => writeFileSync(file, readFileSync(file).reverse()), /has another SHA-256/],
    ['half of them', (file: string) => truncateSync(file, 100), /has 100 bytes instead of \d+/],
    ['no file', (file: string) => rmSync(file), /is missing/],
    ['a link out of it', (file: string) => (rmSync(file), symlinkSync('/etc/hosts', file)), /is no file in registry/],
  ])('does nothing where the backup has %s; another model of it can be restored', async (_, damage, why) => {
    const backup = await backUp();
    damage(join(backup, 'registry', MODEL, '1/model.onnx'));
    const elsewhere = join(folder.path, 'elsewhere');
    const { code, stdout, stderr } = await eyrie(['restore', backups, '--registry', elsewhere]);
    expect([code, stdout, stderr, existsSync(elsewhere)]).toEqual([1, '', expect.stringMatching(why), false]);
    expect(stderr).toContain(`nothing was restored: the backup ${backup} is damaged: ${MODEL}/1/model.onnx `);
    expect((await eyrie(['restore', backups, 'other', '--registry', elsewhere])).code).toBe(0);
    expect(readdirSync(elsewhere)).toEqual(['other']);
  });

  it.each([
    ['a path that leads up', { path: '../../evil', sha256: '0'.repeat(64), bytes: 0 }],
    ['a file without a checksum', { path: 'm/1/model.onnx', bytes: 0 }],
  ])('refuses a description with %s', async (_, file) => {
    const backup = await backUp();
    const path = join(backup, 'backup.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), files: [file] }));
    const { code, stderr } = await run('restore', backup);
    expect([code, stderr]).toEqual([1, `eyrie: ${path} cannot be used: it is no description of a backup\n`]);
  });

  it.each([
    ['a folder without one', () => registry, 'there is no backup in'],
    ['a file', () => at('registry.json'), 'is no backup: "eyrie backup" makes folders'],
    ['what is not there', () => at('nothing'), 'cannot read the backup'],
  ])('says what is wrong with %s', async (_, from, why) => {
    expect(await run('restore', from())).toMatchObject({ code: 1, stderr: expect.stringContaining(why) });
  });

  it('says what a backup does not have', async () => {
    await backUp();
    expect(await run('restore', backups, 'nobody')).toMatchObject({
      code: 1,
      stderr: `eyrie: the backup has no model "nobody"; it has: other, ${MODEL}\n`,
    });
    expect((await run('restore', backups, MODEL, 9)).stderr).toContain('has no version 9 of pixels');
    rmSync(backups, { recursive: true });
    await backUp('--only', 'policies');
    expect((await run('restore', backups)).stderr).toContain('add --only policies');
    rmSync(at(MODEL), { recursive: true });
    expect((await run('restore', backups, '--only', 'policies')).stderr).toContain(
      'a policy is of no use without versions',
    );
  });
});

/** Runs the built command, and kills it as soon as a folder of that kind is in `where`. */
async function killOnceThere(args: string[], where: string, kind: string): Promise<void> {
  const child = spawn(process.execPath, [join(REPOSITORY, 'dist/apps/cli/src/main.js'), ...args], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const isThere = () =>
    readdirSync(where).some((name) => name.startsWith(kind) && readdirSync(join(where, name)).length > 0);
  await until(isThere, `there is ${kind}`, 30_000);
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
}

it('a kill in the middle leaves no backup and no half of a model, and the next call goes through', async () => {
  // So that there is time to be killed in.
  mkdirSync(at('other/9'));
  for (let i = 0; i < 60; i++) writeFileSync(at('other/9', `weights-${i}`), Buffer.alloc(1_000_000, i));
  mkdirSync(backups);
  await killOnceThere(['backup', backups, '--registry', registry], backups, '.backing-up-');
  expect((await run('restore', backups)).stderr).toContain('there is no backup in');
  const { code } = await run('backup', backups);
  expect([code, readdirSync(backups)]).toEqual([0, [expect.stringMatching(/^\d{4}-.*Z$/)]]);

  const elsewhere = join(folder.path, 'elsewhere');
  cpSync(registry, elsewhere, { recursive: true });
  rmSync(join(elsewhere, 'other'), { recursive: true });
  await killOnceThere(['restore', backups, '--registry', elsewhere], elsewhere, '.restoring-');
  expect(readdirSync(elsewhere).filter((name) => !name.startsWith('.'))).toEqual([MODEL, 'registry.json']);
  expect((await eyrie(['models', 'verify', '--registry', elsewhere])).code).toBe(0);
  expect((await eyrie(['restore', backups, '--registry', elsewhere])).code).toBe(0);
  expect(contents(elsewhere)).toEqual(contents(registry));
}, 60_000);
