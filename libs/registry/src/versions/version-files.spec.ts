import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoadFailedError, type PredictorFactory } from '#inference';
import { writeVersion } from '#testing/onnx-classifier';
import { FaultyFiles } from '../stores/faulty-files.fixture';
import { StorageError } from '../stores/storage-error';
import { InvalidVersionError } from './invalid-version';
import { loadVersion } from './load-version';
import { readVersion, RUNTIME_FILE } from './version-files';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-files-'));
  writeVersion(folder, 'm', 1);
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (faulty: FaultyFiles) => readVersion(join(folder, 'm/1'), 'm', 1, faulty.files);

it('whatever step of reading a version fails, it is the storage that is blamed, and no file stays open', async () => {
  writeFileSync(join(folder, 'm/1', RUNTIME_FILE), '{"threads": 1}');
  const all = new FaultyFiles(0, 'EIO');
  expect((await read(all)).manifest.version).toBe(1);
  expect(all.steps).toBeGreaterThan(10);
  for (let step = 1; step <= all.steps; step++) {
    const faulty = new FaultyFiles(step, 'EIO');
    const error: unknown = await read(faulty).catch((thrown: unknown) => thrown);
    const at = `step ${step}, ${all.names[step - 1]}`;
    expect([at, error]).toEqual([at, expect.any(StorageError)]);
    expect([at, faulty.open]).toEqual([at, 0]);
  }
});

it('a file that may not be read is one that somebody has to mend', async () => {
  const error: unknown = await read(new FaultyFiles(1, 'EACCES')).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidVersionError);
  expect((error as Error).message).toMatch(/cannot read model\.json/);
});

it('a link to a runtime.json that leads nowhere is no missing runtime.json', async () => {
  symlinkSync('nowhere', join(folder, 'm/1', RUNTIME_FILE));
  await expect(read(new FaultyFiles(0, 'EIO'))).rejects.toThrow('runtime.json is missing in');
});

it.each([
  ['EIO', 'REGISTRY_UNAVAILABLE'],
  ['EACCES', undefined],
])('a worker that cannot read the model blames the storage where it is to blame: %s', async (code, expected) => {
  const failure = new LoadFailedError('cannot read the model file', { kind: 'unreadable', code });
  const predictors = { start: () => Promise.reject(failure) } as unknown as PredictorFactory;
  const error: unknown = await loadVersion(join(folder, 'm/1'), 'm', 1, { predictors }).catch(
    (thrown: unknown) => thrown,
  );
  expect([(error as Error).message, (error as { code?: string }).code]).toEqual([failure.message, expected]);
});
