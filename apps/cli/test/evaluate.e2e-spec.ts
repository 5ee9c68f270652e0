import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { randomPng } from '#testing/images';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';

let registry: TemporaryFolder;
let images: string;

beforeEach(async () => {
  registry = temporaryRegistry({ classes: 10 }, { classes: 11 });
  images = mkdtempSync(join(tmpdir(), 'eyrie-evaluate-'));
  mkdirSync(join(images, 'class-3'));
  writeFileSync(join(images, 'class-3/one.png'), await randomPng());
});
afterEach(() => {
  registry.remove();
  rmSync(images, { recursive: true });
});

const run = (...args: (string | number)[]) => eyrie(args, { MODEL_REGISTRY: registry.path });
const evaluate = (version: string | number) => run('evaluate', MODEL, version, '--images', images, '--json');

it('measures a version by its number or by an alias', async () => {
  await run('alias', 'set', MODEL, 'champion', 1);
  for (const version of [1, 'champion']) {
    const { code, json } = await evaluate(version);
    expect([code, json]).toEqual([0, expect.objectContaining({ model: MODEL, version: 1, images: 1, unreadable: [] })]);
    expect(json.classes).toEqual([expect.objectContaining({ label: 'class-3', images: 1 })]);
  }
});

it('counts either of two classes with the same label as right where a folder is named by it', async () => {
  const labels = join(registry.path, MODEL, '1/labels.txt');
  writeFileSync(labels, 'class-3\n'.repeat(10));
  const { code, json, stderr } = await run('evaluate', MODEL, 1, '--images', images, '--json');
  expect([code, json.top1]).toEqual([0, 1]);
  expect(json.classes).toEqual([expect.objectContaining({ class_id: expect.any(Number), label: 'class-3', right: 1 })]);
  expect(stderr).toMatch(/classes 0 and 1 .* have the same label "class-3"/);
});

it('takes the version that the policy has as its default when none is named', async () => {
  expect((await run('evaluate', MODEL, '--images', images, '--json')).json).toMatchObject({ version: 2, images: 1 });
});

it('names what is there when model, version or alias is not', async () => {
  await run('alias', 'set', MODEL, 'champion', 1);
  expect(await evaluate(9)).toMatchObject({ code: 1, stderr: `eyrie: ${MODEL} has no version 9; there are: 1, 2\n` });
  const nobody = await evaluate('nobody');
  expect(nobody).toMatchObject({ code: 1, stderr: `eyrie: ${MODEL} has no alias "nobody"; there are: champion\n` });
  const { code, stderr } = await run('evaluate', 'nothing', 1, '--images', images);
  expect([code, stderr]).toEqual([1, `eyrie: there is no model "nothing"; there are: ${MODEL}\n`]);
});

it.each([
  [1, 'all labels where they are few', /its labels: class-0, .*class-9\n$/],
  [2, 'the first ones where they are many', /its labels: class-0, .*class-9, …\n$/],
])('of version %i names %s when a folder is no class', async (version, _, labels) => {
  mkdirSync(join(images, 'holiday'));
  const { code, stderr } = await evaluate(version);
  expect([code, stderr]).toEqual([1, expect.stringMatching(labels)]);
  expect(stderr).toMatch(/^eyrie: folder "holiday" is neither a label nor a class id of the model;/);
});
