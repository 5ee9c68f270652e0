import { type OnnxNode, type OnnxTensor, readOnnx } from '#onnx';
import { floats, nodeOf, smallClassifier } from '#testing/small-classifier';
import { scalingIn } from './graph-scaling';

const perChannel = (name: string, values: number[]) => floats(name, values, [1, 3, 1, 1]);
const found = (head: OnnxNode[], initializer: OnnxTensor[]) => {
  const file = smallClassifier({ weights: [[1, 0], [0, 1], [1, 1]], head, initializer }); // prettier-ignore
  return scalingIn(readOnnx(file), 'input');
};

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];
const times255 = (values: number[]) => values.map((value) => value * 255);
const BYTES = { scale: 1, mean: 0, std: 1 };
const SHARES = { scale: 1 / 255, mean: 0, std: 1 };
const subAndDiv = [nodeOf('Sub', ['input', 'm'], 's'), nodeOf('Div', ['s', 'd'], 'image')];

it.each<[string, OnnxNode[], OnnxTensor[], object]>([
  ['divides by 255', [nodeOf('Div', ['input', 'd'], 'image')], [floats('d', [255])], BYTES],
  [
    'makes -1..1 of 0..255',
    [nodeOf('Mul', ['input', 'k'], 's'), nodeOf('Add', ['o', 's'], 'image')],
    [floats('k', [1 / 127.5]), floats('o', [-1])],
    BYTES,
  ],
  ['normalises 0..255', subAndDiv, [perChannel('m', times255(MEAN)), perChannel('d', times255(STD))], BYTES],
  ["takes Caffe's mean off", [nodeOf('Sub', ['input', 'm'], 'image')], [perChannel('m', [104, 117, 124])], BYTES],
  ['normalises 0..1', subAndDiv, [perChannel('m', MEAN), perChannel('d', STD)], SHARES],
  [
    'makes -1..1 of 0..1, behind what changes nothing',
    [nodeOf('Identity', ['input'], 'i'), nodeOf('Mul', ['i', 'k'], 's'), nodeOf('Sub', ['s', 'one'], 'image')],
    [floats('k', [2]), floats('one', [1])],
    SHARES,
  ],
])('a graph that %s says which pixels it takes', (_, head, initializer, expected) => {
  expect(found(head, initializer)).toEqual(expected);
});

it.each<[string, OnnxNode[], OnnxTensor[]]>([
  ['only calculates with them', [], []],
  ['uses them twice', [nodeOf('Mul', ['input', 'input'], 'image')], []],
  ['multiplies by something odd', [nodeOf('Mul', ['input', 'k'], 'image')], [floats('k', [1e6])]],
  ['goes round in circles', [nodeOf('Identity', ['input'], 'input')], []],
])('one that %s says nothing', (_, head, initializer) => {
  expect(found(head, initializer)).toEqual({});
});
