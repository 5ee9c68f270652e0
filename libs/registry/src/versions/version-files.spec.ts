import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeVersion } from '#testing/onnx-classifier';
import { FaultyFiles } from '../stores/faulty-files.fixture';
import { StorageError } from '../stores/storage-error';
import { InvalidVersionError } from './invalid-version';
import { readVersion } from './version-files';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-files-'));
  writeVersion(folder, 'm', 1);
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (faulty: FaultyFiles) => readVersion(join(folder, 'm/1'), 'm', 1, faulty.files);

it('whatever step of reading a version fails, it is the storage that is blamed, and no file stays open', async () => {
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
