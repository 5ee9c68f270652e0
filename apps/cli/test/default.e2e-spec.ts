import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { onnxClassifier } from '#testing/onnx-classifier';
import { temporaryFolder, type TemporaryFolder } from '#testing/registry';

let registry: TemporaryFolder;
let file: string;
beforeAll(() => {
  registry = temporaryFolder();
  file = join(registry.path, '.new.onnx');
  writeFileSync(file, onnxClassifier({ seed: 1 }));
});
afterAll(() => registry.remove());

const run = (...args: (string | number)[]) => eyrie(args, { MODEL_REGISTRY: registry.path });
const add = () => run('models', 'add', file, '--name', 'm', '--preset', 'none');
const policy = () => JSON.parse(readFileSync(join(registry.path, 'm/policy.json'), 'utf8')) as object;

it('the first version that is added is the champion; the next one changes nothing until somebody says so', async () => {
  const first = await add();
  expect([first.code, first.stdout]).toEqual([0, expect.stringContaining('It answers the requests for m')]);
  expect(policy()).toEqual({ revision: 1, aliases: { champion: 1 }, default: 'champion' });
  const second = await add();
  expect([second.code, second.stdout]).toEqual([0, expect.stringContaining('"policy default m 2"')]);
  expect(policy()).toEqual({ revision: 1, aliases: { champion: 1 }, default: 'champion' });

  expect((await run('policy', 'default', 'm', 2)).stdout).toContain('m, revision 2. Default: champion (2)');
  expect((await run('policy', 'default', 'm', 2)).stdout).toContain('m, revision 2. Default: champion (2)');
  expect((await run('policy', 'rollback', 'm')).stdout).toContain('m, revision 3. Default: champion (1)');
  const wrong = await run('policy', 'default', 'm', 9);
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('version 9')]);
});

it('what is passed over is listed', async () => {
  for (const name of ['ResNet50/1', 'm/v3', 'm/02']) mkdirSync(join(registry.path, name), { recursive: true });
  const { code, stderr } = await run('models', 'list');
  expect(code).toBe(0);
  for (const name of ['ResNet50', 'm/v3', 'm/02']) expect(stderr).toContain(`eyrie: the folder ${name} is passed over`);
});
