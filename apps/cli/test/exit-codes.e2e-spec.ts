import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { onnxClassifier } from '#testing/onnx-classifier';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { version } from '../../../package.json';

let registry: TemporaryFolder;
let folder: string;
const NOBODY_THERE = ['--server', 'http://127.0.0.1:1'];

beforeAll(() => {
  registry = temporaryRegistry({});
  folder = mkdtempSync(join(tmpdir(), 'eyrie-exit-codes-'));
  writeFileSync(join(folder, 'model.onnx'), onnxClassifier({ classes: 2 }));
  writeFileSync(join(folder, 'list.json'), '[]');
});
afterAll(() => {
  registry.remove();
  rmSync(folder, { recursive: true });
});

/** In the folder that holds model.onnx. */
const run = (args: readonly string[]) => eyrie(args, { MODEL_REGISTRY: registry.path }, folder);

it.each([
  ['models add model.onnx', /required option '--name <model>' not specified/],
  ['models add model.onnx --name Bad!', /"Bad!" is no name for a model/],
  ['models add model.onnx --name m --version 0', /--version must be a whole number/],
  ['models list --colour red', /unknown option '--colour'/],
  ['models lst', /unknown command 'lst'\n\(Did you mean list\?\)/],
  ['models list more', /too many arguments/],
  ['models show', /missing required argument 'model'/],
  ['models remove m', /give either the number/],
  ['models pull https://host.test/x.onnx', /say with --sha256/],
  ['evaluate m 1', /give --images FOLDER for a classifier of images, or --csv FILE for a model of tables/],
  ['tune m --goal beauty', /'beauty' is invalid/],
  ['alias set m Champion! 1', /"Champion!" cannot be an alias/],
  ['alias set m champion one', /"one" is no version number/],
  ['canary start m --version 2 --weight 101', /"101" is no number from 0 to 100/],
  ['keys new --id a/b', /--id may have/],
  ['nonsense', /unknown command 'nonsense'/],
  ['--colour', /unknown option '--colour'/],
])('`eyrie %s` is a wrong call: 2, the reason and the way to the help', async (line, reason) => {
  const { code, stdout, stderr } = await run(line.split(' '));
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(new RegExp(`^eyrie: .*${reason.source}`));
  expect(stderr.endsWith('\n(add --help for how to use it)\n')).toBe(true);
});

it.each([[[]], [['models']], [['policy']]])('a command that is no whole one, %j, shows its help: 2', async (args) => {
  const { code, stdout, stderr } = await run(args);
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^Usage: eyrie/)]);
});

it.each([
  [['models', 'add', 'none.onnx', '--name', 'm'], /none\.onnx/],
  [['models', 'add', 'model.onnx', '--name', 'm', '--labels', 'none.txt'], /none\.txt/],
  [['models', 'pull', 'no-such-model'], /the catalog has no model "no-such-model"/],
  [['models', 'show', 'nobody'], /there is no model "nobody"/],
  [['models', 'list', '--registry', 'nowhere'], /it is not there/],
  [['models', 'list', ...NOBODY_THERE], /no answer from http:\/\/127\.0\.0\.1:1: /],
  [['models', 'load', MODEL, '1', ...NOBODY_THERE], /no answer from/],
  [['policy', 'set', MODEL, 'none.json'], /cannot read a policy from none\.json/],
  [['policy', 'set', MODEL, 'list.json'], /it is no JSON object/],
  [['alias', 'set', MODEL, 'champion', '7'], /version 7/],
  [['evaluate', MODEL, '1', '--images', 'nowhere'], /cannot read nowhere/],
])('`eyrie` %j is understood and fails: 1 and the reason, nothing else', async (args, reason) => {
  const { code, stdout, stderr } = await run(args);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(new RegExp(`^eyrie: .*${reason.source}.*\n$`));
});

it.each([[['--help']], [['models', 'list', '--help']], [['canary', 'start', '--help']], [['help', 'policy']]])(
  'help that was asked for, %j, ends with 0',
  async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout, stderr]).toEqual([0, expect.stringMatching(/^Usage: eyrie/), '']);
  },
);

it('says its version, which is not the --version of its commands', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  const args = ['models', 'add', 'model.onnx', '--name', 'm', '--version', '7', '--preset', 'none', '--json'];
  expect((await run(args)).json.manifest).toMatchObject({ name: 'm', version: 7 });
});
