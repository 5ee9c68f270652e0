import { ATTRIBUTE_TYPE, DATA_TYPE, type OnnxGraph, type OnnxNode, type OnnxTensor } from '#onnx';
import { onnxClassifier, type ClassifierOptions } from './onnx-classifier';
import { readOnnx, writeOnnx } from './onnx-file';

/** Ways in which the answer for one image comes to depend on the others in its batch. */
export const MIXING = {
  /** As onnxruntime's quantize_dynamic does. */
  'a scale that is found at run time': (graph) =>
    insert(graph, [
      node('DynamicQuantizeLinear', ['pixels'], ['q', 's', 'z']),
      node('DequantizeLinear', ['q', 's', 'z'], ['mixed']),
    ]),
  'the mean over the batch taken off': (graph) =>
    insert(graph, [
      node('ReduceMean', ['pixels'], ['mean'], [{ name: 'axes', type: ATTRIBUTE_TYPE.ints, ints: [0] }]),
      node('Sub', ['pixels', 'mean'], ['mixed']),
    ]),
  'the brightest pixel of all': (graph) =>
    insert(graph, [node('ReduceMax', ['pixels'], ['most']), node('Div', ['pixels', 'most'], ['mixed'])]),
  'rows and columns that are mixed up': (graph) => {
    graph.initializer.push(int64s('rows', [-1, pixelsOf(graph)]));
    insert(graph, [
      node('Transpose', ['pixels'], ['columns'], [{ name: 'perm', type: ATTRIBUTE_TYPE.ints, ints: [1, 0] }]),
      node('Reshape', ['columns', 'rows'], ['mixed']),
    ]);
  },
  'a sum of what came before': (graph) => {
    graph.initializer.push({ ...int64s('axis', [0]), dims: [] });
    insert(graph, [node('CumSum', ['pixels', 'axis'], ['mixed'])]);
  },
  'a softmax over the batch': (graph) => {
    insertAtEnd(graph, (scores, mixed) => [
      node('Softmax', [scores], [mixed], [{ name: 'axis', type: ATTRIBUTE_TYPE.int, i: 0 }]),
    ]);
  },
  'the brightest pixel of all, for dark images only': (graph) => mixSome(graph, 'Less', 0.1),
  'the darkest pixel of all, for bright images only': (graph) => mixSome(graph, 'Greater', 0.9),
} as const satisfies Record<string, (graph: OnnxGraph) => void>;

/** Adds the brightest pixel of the batch to images whose mean is less than a limit, or the darkest where it is greater. */
function mixSome(graph: OnnxGraph, compare: 'Less' | 'Greater', limit: number): void {
  graph.initializer.push({ ...float32s('limit', [limit]), dims: [] });
  insert(graph, [
    node('ReduceMean', ['pixels'], ['mean'], [{ name: 'axes', type: ATTRIBUTE_TYPE.ints, ints: [1] }]),
    node(compare, ['mean', 'limit'], ['is_one']),
    node('Cast', ['is_one'], ['share'], [{ name: 'to', type: ATTRIBUTE_TYPE.int, i: DATA_TYPE.float32 }]),
    node(
      compare === 'Less' ? 'ReduceMax' : 'ReduceMin',
      ['pixels'],
      ['most'],
      [{ name: 'keepdims', type: ATTRIBUTE_TYPE.int, i: 0 }],
    ),
    node('Mul', ['share', 'most'], ['added']),
    node('Add', ['pixels', 'added'], ['mixed']),
  ]);
}

/** `onnxClassifier`, whose answer for one image depends on the others in its batch. */
export function mixingClassifier(how: keyof typeof MIXING, options: ClassifierOptions = {}): Uint8Array {
  const model = readOnnx(onnxClassifier(options));
  MIXING[how](model.graph);
  return writeOnnx(model);
}

/** Puts nodes that make `mixed` out of `pixels` before the product with the weights. */
function insert(graph: OnnxGraph, nodes: OnnxNode[]): void {
  const product = graph.node.findIndex(({ opType }) => opType === 'MatMul');
  graph.node[product]!.input[0] = 'mixed';
  graph.node.splice(product, 0, ...nodes);
}

/** Puts nodes before the last one. @param make from the name of the scores and that of what becomes of them */
function insertAtEnd(graph: OnnxGraph, make: (scores: string, mixed: string) => OnnxNode[]): void {
  const last = graph.node.at(-1)!;
  const nodes = make(last.input[0]!, 'mixed_scores');
  last.input[0] = 'mixed_scores';
  graph.node.splice(-1, 0, ...nodes);
}

/**
 * `onnxClassifier`, which fails on batches that have a black image: by an integer divided by its brightest pixel.
 */
export function failingForBlack(): Uint8Array {
  const model = readOnnx(onnxClassifier());
  const { graph } = model;
  const to = (i: number) => [{ name: 'to', type: ATTRIBUTE_TYPE.int, i }];
  graph.initializer.push(
    { name: 'one', dims: [], dataType: DATA_TYPE.int32, rawData: new Uint8Array(Int32Array.of(1).buffer) },
    { ...float32s('levels', [255]), dims: [] },
    { ...float32s('nothing', [0]), dims: [] },
  );
  insert(graph, [
    node('ReduceMax', ['pixels'], ['most'], [{ name: 'axes', type: ATTRIBUTE_TYPE.ints, ints: [1] }]),
    node('Mul', ['most', 'levels'], ['level']),
    node('Cast', ['level'], ['divisor'], to(DATA_TYPE.int32)),
    node('Div', ['one', 'divisor'], ['quotient']),
    node('Cast', ['quotient'], ['quotient_float'], to(DATA_TYPE.float32)),
    node('Mul', ['quotient_float', 'nothing'], ['added']),
    node('Add', ['pixels', 'added'], ['mixed']),
  ]);
  return writeOnnx(model);
}

/** One whose logits are so far apart that what others change of them is a small share of the largest. */
export function maskedMixingClassifier(): Uint8Array {
  const model = readOnnx(mixingClassifier('the mean over the batch taken off'));
  model.graph.initializer.push(float32s('mask', [-1e7, ...Array<number>(9).fill(0)]));
  insertAtEnd(model.graph, (scores, mixed) => [node('Add', [scores, 'mask'], [mixed])]);
  return writeOnnx(model);
}

/** `onnxClassifier`, which gives one row, the sum of all, however many images there are. */
export function summingClassifier(): Uint8Array {
  const model = readOnnx(onnxClassifier());
  insertAtEnd(model.graph, (scores, mixed) => [
    node('ReduceMean', [scores], [mixed], [{ name: 'axes', type: ATTRIBUTE_TYPE.ints, ints: [0] }]),
  ]);
  return writeOnnx(model);
}

function float32s(name: string, values: number[]): OnnxTensor {
  return {
    name,
    dims: [values.length],
    dataType: DATA_TYPE.float32,
    rawData: new Uint8Array(Float32Array.from(values).buffer),
  };
}

function pixelsOf({ initializer }: OnnxGraph): number {
  return initializer.find(({ name }) => name === 'weights')!.dims[0]!;
}

function node(opType: string, input: string[], output: string[], attribute?: OnnxNode['attribute']): OnnxNode {
  return { opType, input, output, name: output[0], attribute };
}

function int64s(name: string, values: number[]): OnnxTensor {
  const data = BigInt64Array.from(values.map(BigInt));
  return { name, dims: [values.length], dataType: DATA_TYPE.int64, rawData: new Uint8Array(data.buffer) };
}
