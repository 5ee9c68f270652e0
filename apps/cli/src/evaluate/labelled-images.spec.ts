import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labelledImages } from './labelled-images';

const folder = mkdtempSync(join(tmpdir(), 'eyrie-labelled-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function idsOf(name: string, labels: string[]) {
  const root = mkdtempSync(join(folder, 'root-'));
  mkdirSync(join(root, name));
  writeFileSync(join(root, name, '1.png'), '');
  return (await labelledImages(root, labels)).images[0]!.classIds;
}

it.each<[string, string, number[]]>([
  ['its label', 'caf\u00e9', [1]],
  ['its label with the accent written apart, as some file systems do', 'cafe\u0301', [1]],
  ['a label that several have', 'dog', [0, 2]],
  ['its number', '1', [1]],
])('a folder is of the class with %s', async (_, name, expected) => {
  expect(await idsOf(name, ['dog', 'caf\u00e9', 'dog'])).toEqual(expected);
});

it('a folder that is no class is named', async () => {
  await expect(idsOf('horse', ['dog'])).rejects.toThrow(/folder "horse" is neither a label nor a class id/);
});
