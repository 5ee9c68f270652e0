import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onnxClassifier } from '#testing/onnx-classifier';
import { ATTRIBUTE_TYPE, type OnnxModel, readOnnx, writeOnnx } from '#testing/onnx-file';
import { hasExternalData } from './external-data';
import { InvalidVersionError } from './manifest';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-onnx-'));
  file = join(folder, 'model.onnx');
});
afterEach(() => rmSync(folder, { recursive: true }));

const outside = { name: 'w', dims: [1], dataType: 1, dataLocation: 1, externalData: [{ key: 'location', value: 'x' }] };

const inNested = (model: OnnxModel): void => {
  const branch = { name: 'b', node: [], initializer: [outside], input: [], output: [] };
  model.graph.node[0]!.attribute = [{ name: 'then_branch', type: 5, g: branch }];
};
const PLACES: [string, (model: OnnxModel) => void][] = [
  ['an initialiser', (model) => model.graph.initializer.push(outside)],
  [
    'the attribute of a node',
    (model) => (model.graph.node[0]!.attribute = [{ name: 'value', type: ATTRIBUTE_TYPE.tensor, t: outside }]),
  ],
  ['the branch of an If', inNested],
  ['a tensor without a location', (model) => model.graph.initializer.push({ ...outside, externalData: [] })],
];

it.each(PLACES)('finds weights that lie elsewhere: %s', async (_, put) => {
  const model = readOnnx(onnxClassifier({ size: 64 }));
  put(model);
  writeFileSync(file, writeOnnx(model));
  expect(await hasExternalData(file)).toBe(true);
});

it.each([{}, { size: 224, classes: 100 }, { dtype: 'float16' as const }, { slowness: 3 }])(
  'finds none in a file that holds its weights itself: %j',
  async (options) => {
    writeFileSync(file, onnxClassifier(options));
    expect(await hasExternalData(file)).toBe(false);
  },
);

it.each([
  ['cut in the middle of the weights', () => truncateSync(file, 5_000)],
  ['cut in a length', () => truncateSync(file, 30)],
  ['text', () => writeFileSync(file, 'not a model at all, just words\n'.repeat(100))],
  ['a length beyond the end', () => writeFileSync(file, Buffer.from([0x3a, 0xff, 0xff, 0xff, 0x7f, 1]))],
  ['a number without end', () => writeFileSync(file, Buffer.alloc(40, 0xff))],
])('says that a file is damaged: %s', async (_, damage) => {
  writeFileSync(file, onnxClassifier({ size: 64 }));
  damage();
  await expect(hasExternalData(file)).rejects.toThrow(InvalidVersionError);
});
