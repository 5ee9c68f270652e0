import type { EntryKind } from './file-calls';
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
