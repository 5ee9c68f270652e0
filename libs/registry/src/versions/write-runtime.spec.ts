import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { readManifest } from './version-files';
import { writeRuntime } from './write-runtime';

let registry: TemporaryFolder;
let folder: string;
beforeEach(() => {
  registry = temporaryRegistry({});
  folder = join(registry.path, MODEL, '1');
});
afterEach(() => registry.remove());

const text = () => readFileSync(join(folder, 'model.json'), 'utf8');
const runtime = async () => (await readManifest(folder, MODEL, 1)).runtime;

it('says how a version is run, and leaves the manifest as it is', async () => {
  const before = text();
  expect(await runtime()).toEqual({ workers: 1, threads: 1 });
  await writeRuntime(folder, MODEL, 1, { threads: 2, maxBatch: 4 });
  expect(text()).toBe(before);
  // In its place, and not key by key.
  expect(await runtime()).toEqual({ threads: 2, maxBatch: 4 });
  rmSync(join(folder, 'runtime.json'));
  expect(await runtime()).toEqual({ workers: 1, threads: 1 });
});

it('refuses what no version may be run with', async () => {
  await expect(writeRuntime(folder, MODEL, 1, { workers: 0 })).rejects.toThrow('runtime.json: workers');
  await expect(writeRuntime(folder, MODEL, 2, { workers: 1 })).rejects.toThrow('says pixels version 1');
  expect(await runtime()).toEqual({ workers: 1, threads: 1 });
  writeFileSync(join(folder, 'runtime.json'), '{"threads": "two"}');
  await expect(runtime()).rejects.toThrow('runtime.json: threads');
});

it('is read in UTF-8, with or without a byte order mark, as every file that people write', async () => {
  const manifest = text();
  writeFileSync(join(folder, 'model.json'), `\ufeff${manifest}`);
  writeFileSync(join(folder, 'runtime.json'), '\ufeff{"threads": 1}');
  expect(await runtime()).toEqual({ threads: 1 });
  writeFileSync(join(folder, 'model.json'), Buffer.from(manifest.replace('{', '{"description":"modèle",'), 'latin1'));
  await expect(runtime()).rejects.toThrow('model.json is not UTF-8 text; save it as UTF-8');
});
