import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deadlineIn } from '#core';
import { PredictorFactory } from '#inference';
import { type AnyTabular, type RowAnswer, rowAnswers, WORKER_ENTRY } from '#tasks';
import { EXPECTED, tableModel } from '#testing/table-models';
import { FolderStore } from '../../../registry/src/stores/folder-store';
import { loadVersion } from '../../../registry/src/versions/load-version';
import { type AddRequest, addVersion } from '../add/add-version';
import { readModelFile } from '../add/model-file';
import { withoutZipMap } from '../add/zip-map';
import { draftTable, type TableRequest } from './table-draft';

// Some start workers.
jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'eyrie-tables-'));
const predictors = new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: 1_000_000 });
let store: FolderStore;
beforeAll(async () => void (store = await FolderStore.open(folder)));
afterAll(() => rmSync(folder, { recursive: true }));

const add = (model: string, request: Partial<AddRequest> = {}) =>
  addVersion(store, { file: tableModel(model), name: model, ...request }, { predictors });

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** Of the classes in their order, or the value. */
function numbersIn(answer: RowAnswer): number[] {
  if ('value' in answer) return [answer.value];
  return [...answer.predictions].sort((a, b) => a.class_id - b.class_id).map(({ confidence }) => confidence);
}

describe('a model that was added answers as the library does that made it', () => {
  const OPTIONAL = {
    xgboost: ['a', { name: 'b', required: false }, 'c', 'd'],
    'sklearn-columns': ['petal_length', 'petal_width', 'city', 'kids'].map((name) => ({ name, required: name !== 'petal_length' })), // prettier-ignore
  } as Record<string, unknown>;

  it.each([
    ['sklearn-zipmap', { labels: ['0', '1', '2'], output: { name: 'probabilities', activation: 'none' } }],
    ['sklearn-raw', { output: { activation: 'softmax' } }],
    [
      'sklearn-columns',
      { labels: ['setosa', 'versicolor', 'virginica'], features: [{}, {}, { type: 'category' }, {}] },
    ],
    ['sklearn-regression', { task: 'tabular-regression', output: { name: 'variable' } }],
    ['xgboost', { labels: ['0', '1', '2'] }],
    ['lightgbm-binary', { labels: ['0', '1'] }],
  ])('%s', async (model, found) => {
    const features = OPTIONAL[model] ? file(`${model}.json`, OPTIONAL[model]) : undefined;
    const added = await add(model, { features });
    expect(added.manifest).toMatchObject(found);
    const loaded = await loadVersion(added.folder, model, 1, { predictors, runtime: { workers: 1 } });
    try {
      const task = loaded.task as AnyTabular;
      const { rows, answers } = EXPECTED[model]!;
      const input = await task.input(rows.map((values, i) => ({ values, path: `rows[${i}]` })), 3); // prettier-ignore
      const { output } = await loaded.predict({ ...input, deadline: deadlineIn(60_000) });
      [...rowAnswers(task, output)].forEach((answer, i) => {
        const wanted = [answers[i]].flat() as number[];
        numbersIn(answer as RowAnswer).forEach((number, j) => expect(number).toBeCloseTo(wanted[j]!, 3));
      });
    } finally {
      await loaded.stop(0);
    }
  });
});

const draft = async (model: string, request: Partial<TableRequest> = {}) =>
  draftTable(withoutZipMap(await readModelFile(tableModel(model))), {
    file: tableModel(model),
    name: 'm',
    version: 1,
    ...request,
  });

describe('is found in the graph', () => {
  it.each([
    ['sklearn-opset-9', 'tabular-classification', ['0', '1', '2'], 'probabilities', 4],
    ['sklearn-double', 'tabular-classification', ['0', '1', '2'], 'probabilities', 4],
    ['sklearn-strings', 'tabular-classification', ['setosa', 'versicolor', 'virginica'], 'probabilities', 4],
    ['xgboost-binary', 'tabular-classification', ['0', '1'], 'probabilities', 4],
    ['xgboost-regression', 'tabular-regression', undefined, 'variable', 10],
    ['lightgbm', 'tabular-classification', ['0', '1', '2'], 'lgbmprobabilities', 4],
    ['lightgbm-regression', 'tabular-regression', undefined, 'variable', 10],
  ])('%s: %s', async (model, task, labels, output, features) => {
    const { manifest } = await draft(model);
    expect(manifest).toMatchObject({ task, output: { name: output } });
    expect([manifest.features.length, 'labels' in manifest ? manifest.labels : undefined]).toEqual([features, labels]);
  });
});

describe('features are named', () => {
  const names = ['petal length', 'petal width', 'city', 'kids'];
  const of = async (model: string, content: unknown, request: Partial<TableRequest> = {}) =>
    (await draft(model, { features: file('features', content), ...request })).manifest.features;

  it('by lines, a list, or the header of a CSV without its target', async () => {
    const wanted = names.map((name) => ({ name, type: 'number' }));
    for (const content of [names.join('\n'), names, { features: names }, `kind,${names.join(',')}\nx,1,2,3,4\n`]) {
      expect(await of('sklearn-zipmap', content, { target: 'kind' })).toEqual(wanted);
    }
  });

  it('by the inputs where each is a column, in whatever order they are given', async () => {
    expect((await draft('sklearn-columns')).manifest.features).toEqual([
      { name: 'petal_length', type: 'number', input: 'petal_length' },
      { name: 'petal_width', type: 'number', input: 'petal_width' },
      { name: 'city', type: 'category', input: 'city' },
      { name: 'kids', type: 'number', input: 'kids' },
    ]);
    const turned = await of('sklearn-columns', ['kids', 'city', 'petal width', 'petal length']);
    expect(turned.map(({ name, input, type }) => [name, input, type])).toEqual([
      ['kids', 'kids', 'number'],
      ['city', 'city', 'category'],
      ['petal width', 'petal_width', 'number'],
      ['petal length', 'petal_length', 'number'],
    ]);
  });

  it.each<[what: string, content: unknown, detail: string]>([
    ['too few', ['a', 'b', 'c'], 'names 3 features but the graph takes 4 columns (float_input: float32 [rows, 4])'],
    ['nothing', '', 'is empty'],
    ['no names', [1, 2, 3, 4], 'item 0 of'],
    ['no list', { a: 1 }, 'must hold a list, or an object with "features"'],
  ])('are refused with %s', async (_, content, detail) => {
    await expect(of('sklearn-zipmap', content)).rejects.toThrow(detail);
  });
});

describe('is refused, with the way out', () => {
  it.each<[what: string, model: string, request: Partial<AddRequest>, detail: string]>([
    ['an output for each class', 'sklearn-zipmap-columns', {}, "export it with options={'zipmap': False}"],
    ['two targets', 'sklearn-two-targets', {}, 'a regression answers one; export a model for each of them'],
    [
      'labels that are too few',
      'sklearn-zipmap',
      { labels: 'two' },
      'the model has 3 classes but the labels file has 2',
    ],
    ['an output of labels', 'sklearn-double', { output: 'label' }, 'label: int64 [?], which holds no numbers'],
    ['an output that is not there', 'sklearn-double', { output: 'x' }, 'the graph has no output "x"'],
    [
      'a preset',
      'sklearn-double',
      { preset: 'imagenet' },
      '--preset is for a model of images, and this is one of tables',
    ],
    ['a unit of classes', 'sklearn-double', { unit: 'EUR' }, '--unit is for a regression'],
    ['labels of a regression', 'sklearn-regression', { labels: 'two' }, '--labels is for a classification'],
    ['a feature twice', 'sklearn-double', { features: 'twice' }, 'features[1].name is that of another feature: "a"'],
    [
      'a feature of a type that does not fit',
      'sklearn-double',
      { features: 'texts' },
      'give its "values" in the order',
    ],
    [
      'a missing value that the graph does not take',
      'sklearn-double',
      { features: 'optional' },
      'it does not do without',
    ],
  ])('%s', async (_, model, request, detail) => {
    file('two', 'a\nb\n');
    file('twice', ['a', 'a', 'b', 'c']);
    file('texts', ['a', 'b', 'c', { name: 'd', type: 'category' }]);
    file('optional', ['a', 'b', 'c', { name: 'd', required: false }]);
    const paths = Object.entries(request).map(([option, value]) =>
      option === 'labels' || option === 'features' ? [option, join(folder, value as string)] : [option, value],
    );
    const asked = Object.fromEntries(paths) as Partial<AddRequest>;
    await expect(add(model, { name: 'refused', ...asked })).rejects.toThrow(detail);
    expect(await store.listModels()).not.toContain('refused');
  });
});
