import { onnxClassifier } from '#testing/onnx-classifier';
import { ATTRIBUTE_TYPE, type OnnxModel, readOnnx, writeOnnx } from '#testing/onnx-file';
import { DamagedModelError, hasExternalData } from './external-data';

const outside = { name: 'w', dims: [1], dataType: 1, dataLocation: 1, externalData: [{ key: 'location', value: 'x' }] };
const branch = { name: 'b', node: [], initializer: [outside], input: [], output: [] };
const sparse = { values: outside, indices: { dims: [1], dataType: 7 }, dims: [1] };
const ofTensor = { name: 'value', type: ATTRIBUTE_TYPE.tensor, t: outside };
const inFunction = (part: object) => (model: OnnxModel) =>
  (model.functions = [{ name: 'f', domain: 'd', input: [], output: [], node: [], ...part }]);
const node = { opType: 'Constant', input: [], output: ['w'] };

const PLACES: [string, (model: OnnxModel) => void][] = [
  ['an initialiser', (model) => model.graph.initializer.push(outside)],
  ['a sparse initialiser', (model) => (model.graph.sparseInitializer = [sparse])],
  ['the attribute of a node', (model) => (model.graph.node[0]!.attribute = [ofTensor])],
  [
    'a sparse attribute',
    (model) => (model.graph.node[0]!.attribute = [{ name: 'sparse_value', type: 11, sparseTensor: sparse }]),
  ],
  ['the branch of an If', (model) => (model.graph.node[0]!.attribute = [{ name: 'then', type: 5, g: branch }])],
  ['a node of a function', inFunction({ node: [{ ...node, attribute: [ofTensor] }] })],
  ['the default of a function’s attribute', inFunction({ attributeProto: [ofTensor] })],
  [
    'a branch in a function',
    inFunction({ node: [{ ...node, attribute: [{ name: 'g', type: 10, graphs: [branch] }] }] }),
  ],
  ['a tensor without a location', (model) => model.graph.initializer.push({ ...outside, externalData: [] })],
];

it.each(PLACES)('finds weights that lie elsewhere: %s', (_, put) => {
  const model = readOnnx(onnxClassifier({ size: 64 }));
  put(model);
  expect(hasExternalData(writeOnnx(model))).toBe(true);
});

/** A message of one field that holds the parts. */
const field = (number: number, ...parts: (Uint8Array | number[])[]): Buffer => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([number * 8 + 2, content.length]), content]);
};
/** ModelProto.graph.initializer */
const tensor = (...parts: number[][]): Buffer => field(7, field(5, ...parts));
const location = (...value: number[]): number[] => [14 * 8, ...value];

it.each<[string, Buffer]>([
  ['a location in two bytes', tensor(location(0x81, 0x00))],
  ['a location in ten bytes', tensor(location(0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00))],
  ['a location with bits that are cut off', tensor(location(0x81, 0x80, 0x80, 0x80, 0x10))],
  ['a location with all bits that are cut off', tensor(location(0x81, 0x80, 0x80, 0x80, 0xf0, 0xff, 0xff, 0x7f))],
  ['a tag in three bytes', tensor([0xf0, 0x80, 0x00, 1])],
  ['a tag with bits that are cut off', tensor([0xf0, 0x80, 0x80, 0x80, 0x10, 1])],
  ['a length in three bytes', Buffer.concat([Buffer.from([0x3a, 0x84, 0x80, 0x00]), field(5, location(1))])],
])('is not deceived by numbers that are longer than they need be: %s', (_, bytes) => {
  expect(hasExternalData(bytes)).toBe(true);
});

it.each([{}, { size: 224, classes: 100 }, { dtype: 'float16' as const }, { slowness: 3 }])(
  'finds none in a file that holds its weights itself: %j',
  (options) => expect(hasExternalData(onnxClassifier(options))).toBe(false),
);

it.each<[string, Uint8Array]>([
  ['cut in the middle of the weights', onnxClassifier({ size: 64 }).subarray(0, 5_000)],
  ['cut in a length', onnxClassifier({ size: 64 }).subarray(0, 30)],
  ['text', Buffer.from('not a model at all, just words\n'.repeat(100))],
  ['a length beyond the end', Buffer.from([0x3a, 0xff, 0xff, 0xff, 0x7f, 1])],
  ['a number without end', Buffer.alloc(40, 0xff)],
])('says that a file is damaged: %s', (_, bytes) => {
  expect(() => hasExternalData(bytes)).toThrow(DamagedModelError);
});
