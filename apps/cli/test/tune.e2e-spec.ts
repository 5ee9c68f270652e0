import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { eyrie } from '#testing/cli';
import { BUNDLED_REGISTRY, MODEL, REPOSITORY, temporaryRegistry, type TemporaryFolder } from '#testing/registry';

const QUICK = ['--seconds', '0.2', '--rounds', '1', '--batches', '2,1'];
const SAMPLES = ['--images', join(REPOSITORY, 'samples')];
let registry: TemporaryFolder;
let folder: string;

beforeEach(() => {
  registry = temporaryRegistry({});
  folder = mkdtempSync(join(tmpdir(), 'eyrie-tune-'));
});
afterEach(() => {
  registry.remove();
  rmSync(folder, { recursive: true });
});

const tune = (...args: string[]) => eyrie(['tune', MODEL, ...args], { MODEL_REGISTRY: registry.path });
const manifest = () => JSON.parse(readFileSync(join(registry.path, MODEL, '1/model.json'), 'utf8'));

it('measures the grid, draws it, and writes the best setting beside the manifest, which stays as it is', async () => {
  const picture = join(folder, 'tuning.svg');
  const before = manifest();
  writeFileSync(join(registry.path, MODEL, '1/model.sig'), 'of what was there before');
  const { code, stdout, stderr } = await tune('1', ...QUICK, ...SAMPLES, '--picture', picture);
  const sign =
    'eyrie: model.sig does not sign what was written: "models sign pixels 1", where signatures are checked\n';
  expect([code, stderr]).toEqual([0, sign]);
  expect(stdout).toMatch(/→.*\d workers? × \d threads?/);
  expect(stdout).toMatch(/\nwritten for throughput: .*maxBatch [12]/);
  expect(JSON.parse(readFileSync(join(registry.path, MODEL, '1/runtime.json'), 'utf8'))).toMatchObject({
    threads: expect.any(Number),
    maxBatch: expect.any(Number),
  });
  expect(manifest()).toEqual(before);
  expect(readFileSync(picture, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
  expect((await eyrie(['models', 'verify', '--registry', registry.path])).code).toBe(0);
});

it('measures the default version, with its golden images, and can leave the manifest alone', async () => {
  const args = ['tune', 'resnet-cifar10', ...QUICK, '--dry-run', '--json', '--registry', BUNDLED_REGISTRY];
  const { code, json } = await eyrie(args);
  expect([code, json.version]).toEqual([0, 2]);
  for (const row of json.measured) {
    expect(row.workers * row.threads).toBeLessThanOrEqual(availableParallelism());
    expect([row.imagesPerSecond > 1, row.p95 >= row.p50, row.rssBytes > 10_000_000]).toEqual([true, true, true]);
  }
  expect(json.measured).toContainEqual(json.chosen);
  expect(json.runtime).toMatchObject({ maxBatch: json.chosen.maxBatch, threads: json.chosen.threads });
});

it('writes nothing when no setting is fast enough', async () => {
  const before = manifest();
  const { code, stderr } = await tune(...QUICK, ...SAMPLES, '--p95', '0.1');
  expect([code, stderr]).toEqual([1, expect.stringContaining('no setting keeps a p95 of 0.1 ms; the lowest is')]);
  expect(manifest()).toEqual(before);
  expect(existsSync(join(registry.path, MODEL, '1/runtime.json'))).toBe(false);
});

it('names what is wrong with what it is given', async () => {
  const said = async (...args: string[]) => {
    const { code, stderr } = await tune(...QUICK, ...args);
    return `${code} ${stderr}`;
  };
  expect(await said('7', ...SAMPLES)).toMatch(/^1 eyrie: pixels has no version 7; there are: 1\n/);
  expect(await said('1')).toMatch(/^1 eyrie: the version has no golden images; give --images/);
  expect(await said('1', '--images', folder)).toMatch(/^1 eyrie: .* holds no JPEG/);
  expect(await said('1', '--images', join(folder, 'nowhere'))).toMatch(/^1 eyrie: cannot read/);
  const nowhere = join(folder, 'nowhere', 'tuning.svg');
  expect(await said('1', ...SAMPLES, '--picture', nowhere)).toMatch(/^1 eyrie: cannot write the picture .*ENOENT/);
  expect(await said('1', '--goal', 'beauty')).toMatch(/^2 eyrie: .*goal/);
  expect(await said('1', '--batches', '0')).toMatch(/^2 eyrie: "0" is no number/);
  writeFileSync(join(folder, 'broken.jpg'), 'no image');
  expect(await said('1', '--images', folder)).toMatch(/^1 eyrie: .*image/);
  expect((await eyrie(['tune', 'nobody', '--registry', registry.path])).stderr).toContain('there is no model "nobody"');
});
