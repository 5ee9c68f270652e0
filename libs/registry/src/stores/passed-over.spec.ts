import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntryKind } from './file-calls';
import { FolderStore } from './folder-store';
import { passedOverAsModels, passedOverAsVersions } from './passed-over';

const told = (list: (tell: (sentence: string) => void) => void): string[] => {
  const sentences: string[] = [];
  list((sentence) => void sentences.push(sentence));
  return sentences;
};
const asModel = (name: string, kind: EntryKind = 'folder') =>
  told((tell) => passedOverAsModels([{ name, kind }], tell));
const asVersion = (name: string, kind: EntryKind = 'folder') =>
  told((tell) => passedOverAsVersions('m', [{ name, kind }], tell));

it.each([
  ['ResNet50', 'resnet50 would do'],
  ['my model', 'my-model would do'],
  ['_old', 'old would do'],
  ['模型', 'has lower-case letters'],
])('a folder called %s is no model, and it is said what name would do', (name, hint) => {
  expect(asModel(name)).toEqual([expect.stringContaining(hint)]);
  expect(asModel(name)[0]).toContain(name);
});

it.each([
  ['02', '; 2 would do'],
  ['v3', '; 3 would do'],
  ['1.0', '; 1 would do'],
  ['latest', 'a whole number from 1'],
  ['0', 'a whole number from 1'],
  ['-1', '; 1 would do'],
  ['99999999999', 'a whole number from 1 to 999999999'],
])('a folder called %s is no version, and it is said which numbers are', (name, hint) => {
  expect(asVersion(name)).toEqual([expect.stringContaining(hint)]);
});

it('no number is proposed that is taken', () => {
  const entries = ['1', '1 (copy)'].map((name) => ({ name, kind: 'folder' as const }));
  expect(told((tell) => passedOverAsVersions('m', entries, tell))).toEqual([expect.not.stringContaining('would do')]);
});

it('a file with the number of a version is told to be one', () => {
  expect(asVersion('1', 'file')).toEqual(['m/1 is passed over: it is a file, and a version is a folder']);
});

it('a link that leads to no folder is told', async () => {
  const root = mkdtempSync(join(tmpdir(), 'eyrie-links-'));
  try {
    mkdirSync(join(root, 'm/1'), { recursive: true });
    for (const link of ['gone', 'm/2']) symlinkSync('/nowhere', join(root, link));
    symlinkSync(__filename, join(root, 'file'));
    const store = await FolderStore.open(root);
    const sentences: string[] = [];
    const tell = (sentence: string) => void sentences.push(sentence);
    expect([await store.listModels(tell), await store.listVersions('m', tell)]).toEqual([['m'], [1]]);
    expect(sentences.sort()).toEqual([
      'file is passed over: it is a link that leads to a file',
      'gone is passed over: it is a link that leads to nothing that is there',
      'm/2 is passed over: it is a link that leads to nothing that is there',
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

it.each(['resnet50.onnx', 'model.json', 'labels.json'])('%s is no model', (name) => {
  expect(asModel(name, 'file')).toEqual([expect.stringContaining(name)]);
});

it.each(['model.onnx', 'model.json', 'labels.txt', 'LABELS.txt', '1', 'Policy.json', 'policy.yaml'])(
  '%s beside the versions is no version',
  (name) => {
    expect(asVersion(name, 'file')).toEqual([expect.stringContaining(name)]);
  },
);

it.each<[string, EntryKind]>([
  ['.git', 'folder'],
  ['..data', 'link'],
  ['.adding-x', 'folder'],
  ['lost+found', 'folder'],
  ['README.md', 'file'],
  ['LICENSE', 'file'],
  ['catalog.json', 'file'],
  ['resnet50', 'folder'],
  ['resnet50', 'link'],
])('%s may lie beside models', (name, kind) => {
  expect(asModel(name, kind)).toEqual([]);
});

it.each<[string, EntryKind]>([
  ['1', 'folder'],
  ['12', 'link'],
  ['policy.json', 'file'],
  ['policy.json', 'link'],
  ['policy-history', 'folder'],
  ['policy.json.7.ab12cd34-1-0123456789ab.draft', 'file'],
  ['.gitkeep', 'file'],
  ['README.md', 'file'],
])('%s may lie beside versions', (name, kind) => {
  expect(asVersion(name, kind)).toEqual([]);
});
