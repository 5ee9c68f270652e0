import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { writeRuntime } from './write-runtime';

let registry: TemporaryFolder;
let folder: string;
beforeEach(() => {
  registry = temporaryRegistry({});
  folder = join(registry.path, MODEL, '1');
});
afterEach(() => registry.remove());

const text = () => readFileSync(join(folder, 'model.json'), 'utf8');
const manifest = () => JSON.parse(text()) as Record<string, unknown>;

it('changes how a version is run, and nothing else', async () => {
  const before = manifest();
  const files = readdirSync(folder);
  await writeRuntime(folder, MODEL, 1, { workers: 3, threads: 2, maxBatch: 4 });
  expect(manifest()).toEqual({ ...before, runtime: { workers: 3, threads: 2, maxBatch: 4 } });
  expect(readdirSync(folder)).toEqual(files);
});

it('refuses what no manifest may say, and leaves the file as it is', async () => {
  const before = text();
  await expect(writeRuntime(folder, MODEL, 1, { workers: 0 })).rejects.toThrow('runtime.workers');
  await expect(writeRuntime(folder, MODEL, 2, { workers: 1 })).rejects.toThrow('says pixels version 1');
  expect(text()).toBe(before);
});
