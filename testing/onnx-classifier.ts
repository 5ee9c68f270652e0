import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChannelOrder, ClassifierSpec, InputType, Layout } from '#tasks';
import { ATTRIBUTE_TYPE, DATA_TYPE, type OnnxGraph, type OnnxNode, type OnnxTensor, type OnnxValue } from '#onnx';
import { writeOnnx } from './onnx-file';

export interface ClassifierOptions {
  /** Pixels, both ways. */
  size?: number;
  classes?: number;
  layout?: Layout;
  dtype?: InputType;
  /** Fixes the graph's batch dimension. */
  fixedBatch?: number;
  /** Ends in a Softmax. */
  probabilities?: boolean;
  /** 1-sized dimensions after the classes, as in [batch, classes, 1, 1]. */
  trailingOnes?: number;
  /** Makes other weights. */
  seed?: number;
  /** Divides by the brightest pixel: a black image gets NaN for every class. */
  nanForBlack?: boolean;
  /** So often the pixels are multiplied by one before, in a loop, so that a run takes time: 6 ms for 1,000 times with the usual size. */
  slowness?: number;
}

/**
 * A real, if shallow, classifier: every pixel times a random weight per class, summed up. Other pixels give other
 * scores, so that an answer that belongs to another image shows.
 */
export function onnxClassifier(options: ClassifierOptions = {}): Uint8Array {
  const { size = 8, classes = 10, layout = 'NCHW', dtype = 'float32', trailingOnes = 0, slowness = 0 } = options;
  const pixels = 3 * size * size;
  const batch = options.fixedBatch === undefined ? { dimParam: 'batch' } : { dimValue: options.fixedBatch };
  const sizes = layout === 'NCHW' ? [3, size, size] : [size, size, 3];
  const weights = randomNumbers(pixels * classes, options.seed ?? 1);
  const scale = dtype === 'uint8' ? 1 / 255 / Math.sqrt(pixels) : 1 / Math.sqrt(pixels);

  const node: OnnxNode[] = [];
  const initializer: OnnxTensor[] = [
    floats(
      'weights',
      [pixels, classes],
      weights.map((weight) => weight * scale * 8),
    ),
    int64s('flat', [-1, pixels]),
    int64s('final', [-1, classes, ...Array<number>(trailingOnes).fill(1)]),
  ];
  const add = (opType: string, input: string[], output: string, attribute?: OnnxNode['attribute']) =>
    node.push({ opType, input, output: [output], name: output, attribute });

  const asFloat = dtype === 'float32' ? 'input' : 'as_float';
  if (dtype !== 'float32') {
    add('Cast', ['input'], 'as_float', [{ name: 'to', type: ATTRIBUTE_TYPE.int, i: DATA_TYPE.float32 }]);
  }
  add('Reshape', [asFloat, 'flat'], 'pixels');
  let last = 'pixels';
  if (slowness > 0) {
    initializer.push(floats('identity', [pixels, pixels], identity(pixels)), int64s('times', [slowness]));
    const body = repeated(pixels);
    add('Loop', ['times', '', last], (last = 'slowly'), [{ name: 'body', type: ATTRIBUTE_TYPE.graph, g: body }]);
  }
  add('MatMul', [last, 'weights'], options.nanForBlack ? 'sums' : 'scores');
  if (options.nanForBlack) {
    add('ReduceMax', ['pixels'], 'brightest', [{ name: 'axes', type: ATTRIBUTE_TYPE.ints, ints: [1] }]);
    add('Div', ['sums', 'brightest'], 'scores');
  }
  if (options.probabilities) {
    add('Softmax', ['scores'], 'probabilities', [{ name: 'axis', type: ATTRIBUTE_TYPE.int, i: 1 }]);
  }
  add('Reshape', [options.probabilities ? 'probabilities' : 'scores', 'final'], 'output');

  const ones = Array.from({ length: trailingOnes }, () => ({ dimValue: 1 }));
  return writeOnnx({
    irVersion: 8,
    producerName: 'eyrie-tests',
    opsetImport: [{ version: 13 }],
    graph: {
      name: 'classifier',
      node,
      initializer,
      input: [value('input', DATA_TYPE[dtype], [batch, ...sizes.map((dimValue) => ({ dimValue }))])],
      output: [value('output', DATA_TYPE.float32, [batch, { dimValue: classes }, ...ones])],
    },
  });
}

/** The body of a loop. A chain of as many products would have ONNX Runtime repack the matrix for each, when it makes the session. */
function repeated(pixels: number): OnnxGraph {
  const rows = [{ dimParam: 'batch' }, { dimValue: pixels }];
  return {
    name: 'again',
    node: [
      { opType: 'Identity', input: ['goes_on'], output: ['still_goes_on'], name: 'go_on' },
      { opType: 'MatMul', input: ['before', 'identity'], output: ['after'], name: 'multiply' },
    ],
    initializer: [],
    input: [
      value('i', DATA_TYPE.int64, []),
      value('goes_on', DATA_TYPE.bool, []),
      value('before', DATA_TYPE.float32, rows),
    ],
    output: [value('still_goes_on', DATA_TYPE.bool, []), value('after', DATA_TYPE.float32, rows)],
  };
}

function value(name: string, elemType: number, dim: object[]): OnnxValue {
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

/** What a worker must be told to serve `onnxClassifier(options)`. */
export function specFor(options: ClassifierOptions & { channels?: ChannelOrder } = {}): ClassifierSpec {
  const { size = 8, classes = 10, dtype = 'float32' } = options;
  return {
    input: {
      name: 'input',
      layout: options.layout ?? 'NCHW',
      dtype,
      width: size,
      height: size,
      channels: options.channels ?? 'RGB',
      resize: { mode: 'exact', kernel: 'bilinear' },
      crop: 'none',
      scale: dtype === 'uint8' ? 1 : 1 / 255,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    },
    output: { name: 'output', activation: options.probabilities ? 'none' : 'softmax' },
    labels: Array.from({ length: classes }, (_, i) => `class-${i}`),
  };
}

/** Writes a whole version into a registry folder. @returns the manifest */
export function writeVersion(
  registry: string,
  name: string,
  version: number,
  options: ClassifierOptions & { manifest?: Record<string, unknown> } = {},
) {
  const folder = join(registry, name, String(version));
  mkdirSync(folder, { recursive: true });
  const model = onnxClassifier({ seed: version, ...options });
  const { input, output, labels } = specFor(options);
  const manifest = {
    schema: 1,
    name,
    version,
    task: 'image-classification',
    artifact: { file: 'model.onnx', sha256: createHash('sha256').update(model).digest('hex'), bytes: model.length },
    input,
    output,
    labels: 'labels.txt',
    runtime: { workers: 1, threads: 1 },
    ...options.manifest,
  };
  writeFileSync(join(folder, 'model.onnx'), model);
  writeFileSync(join(folder, 'labels.txt'), labels.join('\n') + '\n');
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
  return manifest;
}

/** Numbers in -1..1, the same for the same seed (Park and Miller's generator). */
function randomNumbers(count: number, seed: number): Float32Array {
  const key = `${count}/${seed}`;
  const known = drawn.get(key);
  if (known) return known;
  let state = (seed * 7919) % 2147483647 || 1;
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    state = (state * 48271) % 2147483647;
    numbers[i] = (state / 2147483647) * 2 - 1;
  }
  drawn.set(key, numbers);
  return numbers;
}

const drawn = new Map<string, Float32Array>();

function identity(size: number): Float32Array {
  const matrix = new Float32Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return matrix;
}

function floats(name: string, dims: number[], values: Float32Array): OnnxTensor {
  return { name, dims, dataType: DATA_TYPE.float32, rawData: new Uint8Array(values.buffer) };
}

function int64s(name: string, values: number[]): OnnxTensor {
  const data = BigInt64Array.from(values.map(BigInt));
  return { name, dims: [values.length], dataType: DATA_TYPE.int64, rawData: new Uint8Array(data.buffer) };
}

/**
 * The scores that `onnxClassifier(options)` must give for RGB pixels of its own size, computed here, without ONNX.
 * @param rgb size * size * 3 values, row by row
 */
export function expectedScores(
  rgb: Uint8Array,
  options: ClassifierOptions & { channels?: ChannelOrder } = {},
): Float64Array {
  const { size = 8, classes = 10, layout = 'NCHW', channels = 'RGB' } = options;
  const pixels = 3 * size * size;
  const weights = randomNumbers(pixels * classes, options.seed ?? 1);
  const scale = 8 / Math.sqrt(pixels);
  const scores = new Float64Array(classes);
  for (let place = 0; place < size * size; place++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = rgb[place * 3 + (channels === 'RGB' ? channel : 2 - channel)]! / 255;
      const index = layout === 'NCHW' ? channel * size * size + place : place * 3 + channel;
      for (let c = 0; c < classes; c++) scores[c]! += value * weights[index * classes + c]! * scale;
    }
  }
  const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
  return scores.map((score) => Math.exp(score) / sum);
}
