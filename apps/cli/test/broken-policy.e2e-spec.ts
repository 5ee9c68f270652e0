import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { writeVersion } from '#testing/onnx-classifier';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';

let registry: TemporaryFolder;
let file: string;

beforeEach(() => {
  registry = temporaryRegistry({}, {});
  writeVersion(registry.path, 'another', 1);
  file = join(registry.path, MODEL, 'policy.json');
});
afterEach(() => registry.remove());

const run = (...args: (string | number)[]) => eyrie(args, { MODEL_REGISTRY: registry.path });

const BROKEN: [what: string, text: string, why: string][] = [
  ['no JSON', '{"default": ', 'it cannot be read: '],
  ['not valid', '{"revision": 1, "aliases": {}, "default": 1, "colour": "red"}', 'colour is not known here'],
];

it.each([
  ...BROKEN,
  ['of a version that is gone', '{"revision": 1, "aliases": {}, "default": 9}', 'default names version 9'],
])('a policy that is %s is named by models list, which lists all the same', async (_, text, why) => {
  writeFileSync(file, text);
  const { code, stdout, stderr } = await run('models', 'list');
  expect([code, stderr.split('\n').length]).toEqual([1, 2]);
  expect(stderr).toMatch(new RegExp(`^eyrie: the policy of ${MODEL} cannot be used; mend ${file}: ${why}`));
  expect(stdout).toMatch(new RegExp(`another .* 1 [^]*${MODEL} .* 1 [^]*${MODEL} .* 2 `));
  const listed = await run('models', 'list', '--json');
  expect([listed.code, listed.json]).toMatchObject([
    1,
    [
      { name: 'another', policy: { default: 1 }, versions: [{ version: 1 }] },
      { name: MODEL, problem: expect.stringContaining(file), versions: [{ version: 1 }, { version: 2 }] },
    ],
  ]);
});

it.each(BROKEN)('a policy that is %s is named, with its file, by whatever needs it', async (_, text, why) => {
  writeFileSync(file, text);
  const good = join(registry.path, 'good.json');
  writeFileSync(good, '{"aliases": {}, "default": 1}');
  for (const command of [
    ['models', 'show', MODEL],
    ['models', 'remove', MODEL, 1, '--yes'],
    ['policy', 'show', MODEL],
    ['policy', 'set', MODEL, good],
    ['policy', 'rollback', MODEL],
    ['alias', 'set', MODEL, 'champion', 1],
    ['canary', 'status', MODEL],
    ['tune', MODEL],
  ]) {
    const { code, stderr } = await run(...command);
    expect([command, code, stderr]).toEqual([
      command,
      1,
      expect.stringMatching(new RegExp(`^eyrie: the policy of ${MODEL} cannot be used; mend ${file}: ${why}.*\n$`)),
    ]);
  }
});

it('a policy that is a folder is no reason to show a stack', async () => {
  mkdirSync(file);
  const { code, stderr } = await run('policy', 'show', MODEL);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^eyrie: the policy of .*policy\.json: it cannot be read.*\n$/),
  ]);
});

it('a policy that names a version which is gone can still be changed', async () => {
  writeFileSync(file, '{"revision": 4, "aliases": {"champion": 9}, "default": 1}');
  const { code, json } = await run('alias', 'set', MODEL, 'champion', 2, '--json');
  expect([code, json]).toEqual([0, { revision: 5, aliases: { champion: 2 }, default: 1 }]);
});
