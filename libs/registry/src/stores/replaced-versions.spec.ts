import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultyFiles, type Fault } from './faulty-files.fixture';
import { FolderStore } from './folder-store';
import { replaceVersion } from './replaced-versions';

let registry: string;
beforeEach(() => {
  registry = mkdtempSync(join(tmpdir(), 'eyrie-replace-'));
  for (const [folder, content] of [
    ['m/1', 'old'],
    ['.staged', 'new'],
  ] as const) {
    mkdirSync(join(registry, folder), { recursive: true });
    writeFileSync(join(registry, folder, 'model.json'), content);
  }
});
afterEach(() => rmSync(registry, { recursive: true }));

const replace = (faulty: FaultyFiles) =>
  replaceVersion(faulty.files, registry, { model: 'm', version: 1 }, join(registry, '.staged'));
const content = () => readFileSync(join(registry, 'm/1/model.json'), 'utf8');
const aside = () => readdirSync(registry).filter((name) => name.startsWith('.replaced-'));

async function steps(): Promise<number> {
  const faulty = new FaultyFiles(0, 'EIO');
  await replace(faulty);
  expect([content(), aside()]).toEqual(['new', []]);
  return faulty.steps;
}

it('takes the place of the version that was there', async () => {
  expect(await steps()).toBeGreaterThan(5);
});

it.each<Fault>(['EIO', 'EACCES', 'death'])(
  'is old or new once somebody has looked, whichever step fails: %s',
  async (fault) => {
    const last = await steps();
    for (let failing = 1; failing <= last; failing++) {
      rmSync(registry, { recursive: true });
      mkdirSync(join(registry, 'm/1'), { recursive: true });
      mkdirSync(join(registry, '.staged'));
      writeFileSync(join(registry, 'm/1/model.json'), 'old');
      writeFileSync(join(registry, '.staged/model.json'), 'new');
      const faulty = new FaultyFiles(failing, fault);
      const ended = replace(faulty).catch(() => 'failed');
      if (fault === 'death') await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
      else await ended;
      await faulty.end();
      // As if it had been another process, which is gone.
      for (const name of aside()) utimesSync(join(registry, name), 1, 1);
      const store = await FolderStore.open(registry);
      expect(await store.listModels()).toEqual(['m']);
      expect([failing, await store.listVersions('m')]).toEqual([failing, [1]]);
      expect(['old', 'new']).toContain(content());
      expect(aside()).toEqual([]);
    }
  },
);

it('is left alone while whoever does it is at it', async () => {
  const faulty = new FaultyFiles(4, 'death');
  void replace(faulty);
  for (let i = 0; i < 100 && aside().length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 5));
  await (await FolderStore.open(registry)).listModels();
  expect(aside()).toHaveLength(1);
});
