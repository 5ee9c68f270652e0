import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { randomPng } from '#testing/images';
import { onnxClassifier } from '#testing/onnx-classifier';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';

let registry: TemporaryFolder;
let server: TestServer;
let folder: string;

beforeAll(async () => {
  registry = temporaryRegistry({ classes: 3 }, { classes: 3 }, { classes: 3 });
  const admin = createHash('sha256').update('admin-key').digest('hex');
  server = await startServer({ MODEL_REGISTRY: registry.path, ADMIN_API_KEYS: `ops:${admin}` });
  folder = mkdtempSync(join(tmpdir(), 'eyrie-on-server-'));
  writeFileSync(join(folder, 'weather.onnx'), onnxClassifier({ classes: 3 }));
  writeFileSync(join(folder, 'labels.txt'), 'sun\nrain\nsnow\n');
  mkdirSync(join(folder, 'images/class-1'), { recursive: true });
  for (const name of ['one', 'two']) writeFileSync(join(folder, `images/class-1/${name}.png`), await randomPng());
});
afterAll(async () => {
  await server.stop();
  registry.remove();
  rmSync(folder, { recursive: true });
});

/** In `folder`, with the server in the environment and no other registry in reach. */
const run = (...args: (string | number)[]) =>
  eyrie(args, { EYRIE_SERVER: server.url, EYRIE_KEY: 'admin-key', MODEL_REGISTRY: '/nowhere' }, folder);
const ok = async (...args: (string | number)[]) => {
  const { code, stdout, stderr } = await run(...args);
  expect([args, code, stderr]).toEqual([args, 0, '']);
  return stdout;
};
const json = async (...args: (string | number)[]) => JSON.parse(await ok(...args, '--json'));

describe('models', () => {
  it('are added there, with the flags as they are typed', async () => {
    const args = ['models', 'add', 'weather.onnx', '--name', 'weather', '--labels', 'labels.txt'];
    const first = await ok(...args, '--scale', '1/255', '--mean=0.5', '--std', '0.5');
    expect(first).toMatch(/labels .* as given .* as you said/);
    expect(first).toContain(`Added weather version 1 in ${server.url}; it loads and answers.`);
    const second = await json(...args, '--version', 7, '--preset', 'cifar10');
    expect(second).toMatchObject({
      manifest: { version: 7 },
      warnings: [expect.stringContaining('weather version 1')],
    });
    const again = await run(...args, '--version', 7);
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/^eyrie: weather has a version 7 already/)]);
    expect((await json('models', 'list')).map(({ name }: { name: string }) => name)).toEqual([MODEL, 'weather']);
  });

  it('that cannot be read here, or that nobody may add there, are named', async () => {
    const none = await run('models', 'add', 'none.onnx', '--name', 'weather');
    expect(none).toMatchObject({ code: 1, stderr: 'eyrie: cannot read none.onnx: it is not there\n' });
    const stranger = await run('models', 'add', 'weather.onnx', '--name', 'weather', '--key', 'wrong');
    expect(stranger).toMatchObject({ code: 1, stderr: expect.stringMatching(/^eyrie: the API key is not known here/) });
    const wrong = await run('models', 'add', 'weather.onnx', '--name', 'weather', '--mean', '1,2');
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/^eyrie: --mean must be three numbers/) });
  });

  it('are removed there', async () => {
    const routed = await run('models', 'remove', 'weather', 1, '--yes');
    expect(routed).toMatchObject({ code: 1, stderr: expect.stringMatching(/the policy of weather names version 1/) });
    expect(await ok('models', 'remove', 'weather', 7, '--yes')).toBe('weather version 7 is removed\n');
    expect(readdirSync(join(registry.path, 'weather'))).not.toContain('7');
    expect(await json('models', 'remove', 'weather', '--all', '--yes')).toEqual({ model: 'weather' });
    expect((await run('models', 'show', 'weather')).stderr).toMatch(/there is no model "weather"; there are: pixels/);
  });

  it('are verified there, and looked up in the catalog', async () => {
    truncateSync(join(registry.path, MODEL, '1/model.onnx'), 10);
    const { code, stdout, stderr } = await run('models', 'verify');
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/FAILED {2}pixels version 1 {2}.*has 10 bytes.*\nok {6}pixels version 2 /);
    expect(await ok('models', 'catalog')).toMatch(/resnet50-v1-12 .* -/);
  });
});

it('evaluate measures a version that is loaded there', async () => {
  await ok('models', 'load', MODEL, 3);
  expect(await json('evaluate', MODEL, 3, '--images', 'images')).toMatchObject({ version: 3, images: 2 });
  const { code, stderr } = await run('evaluate', MODEL, 2, '--images', 'images');
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/pixels version 2 is UNLOADED on .*models load pixels 2\n$/),
  ]);
});

describe('predict', () => {
  const image = 'images/class-1/one.png';

  it('asks the server, for each picture by itself', async () => {
    const [answer, error] = (await run('predict', image, 'none.png', '--top', 1, '--json')).json;
    expect(answer).toMatchObject({
      file: image,
      model: { name: MODEL, version: 3 },
      predictions: [{ confidence: expect.any(Number) }],
    });
    expect(error).toEqual({ file: 'none.png', error: { detail: 'it is not there' } });
    const { code, stdout, stderr } = await run('predict', image, 'labels.txt', 'http://127.0.0.1:1/x.png');
    expect(code).toBe(1);
    expect(stdout).toMatch(/one\.png .* pixels 3 .* class-\d .* [01]\.\d{4}/);
    expect(stderr).toMatch(
      /^eyrie: labels\.txt: .*not an image.*\neyrie: http:\/\/127\.0\.0\.1:1\/x\.png: .*not public.*\n$/,
    );
  });

  it('fails as a whole where none of them can be answered', async () => {
    const nobody = await run('predict', image, image, '--model', 'nobody');
    expect(nobody).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^eyrie: there is no model "nobody"; .*\n$/),
    });
    expect((await run('predict', image, '--top', '1.5')).code).toBe(2);
  });

  it('asks a version of a folder in a worker of its own', async () => {
    const args = ['predict', image, '--registry', registry.path, '--version', 2, '--json'];
    const { code, json: found } = await run(...args);
    expect([code, found]).toMatchObject([0, [{ model: { name: MODEL, version: 2 }, predictions: { length: 3 } }]]);
  });
});

describe('traffic', () => {
  it('is tried on copies, then on a share, and all that is remembered', async () => {
    await ok('alias', 'set', MODEL, 'champion', 3);
    const shadowed = await json('shadow', 'start', MODEL, '--version', 2, '--percent', 20);
    expect(shadowed.shadows).toEqual([{ version: 2, percent: 20 }]);
    expect(await json('shadow', 'stop', MODEL, 2)).not.toHaveProperty('shadows');
    expect((await run('shadow', 'stop', MODEL)).stderr).toBe('eyrie: there is no shadow\n');
    await ok('canary', 'start', MODEL, '--version', 2, '--no-guard');
    expect((await json('canary', 'weight', MODEL, 25)).variants).toMatchObject([{ weight: 75 }, { weight: 25 }]);
    await ok('canary', 'abort', MODEL);
    expect((await run('canary', 'weight', MODEL, 25)).stderr).toMatch(/there is no canary/);
    const revisions = await json('policy', 'history', MODEL);
    expect(revisions.map(({ revision }: { revision: number }) => revision)).toEqual([6, 5, 4, 3, 2, 1, 0]);
    expect(await ok('policy', 'history', MODEL)).toMatch(/\n│ 5 .*control 3: 75%, canary 2: 25%/);
    expect(await ok('policy', 'diff', MODEL, 1, 2)).toMatch(
      /^--- pixels revision 1\n\+\+\+ pixels revision 2\n@@ .*\+ {2}"shadows": \[/s,
    );
    expect((await run('policy', 'diff', MODEL, 1, 99)).stderr).toMatch(/revision 99 .* was not kept; there are: 6, 5/);
  });
});

it.each([
  [
    ['tune', MODEL],
    /^eyrie: this measures on this machine and is not sent to the server that EYRIE_SERVER names; give --reg/,
  ],
  [['models', 'pull', 'resnet50-v1-12'], /^eyrie: this downloads into a folder and is not sent to the server/],
])('%j says that it does not work there', async (args, reason) => {
  const { code, stdout, stderr } = await run(...args);
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(reason)]);
});

it('prints YAML with the fields that JSON has, and tables of any width where that is wanted', async () => {
  expect(await ok('policy', 'show', MODEL, '-o', 'yaml')).toMatch(/^revision: 6\naliases:\n {2}champion: 3\n/);
  expect(await ok('models', 'list', '-o', 'wide')).toMatch(/SHA-256 .*\n.*\n.* [0-9a-f]{64} /);
  expect((await run('models', 'list', '-o', 'xml')).code).toBe(2);
  expect((await run('models', 'list', '-o', 'yaml', '--json')).code).toBe(2);
});

it('stops sending a file when the server has refused it', async () => {
  const large = join(folder, 'large.onnx');
  writeFileSync(large, '');
  truncateSync(large, 200_000_000);
  const { code, stderr } = await run('models', 'add', 'large.onnx', '--name', 'weather', '--key', 'wrong');
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^eyrie: the API key is not known here/)]);
});
