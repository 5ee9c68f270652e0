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
    const last = graph.node.at(-1)!;
    last.input[0] = 'over_the_batch';
    graph.node.splice(
      -1,
      0,
      node('Softmax', ['scores'], ['over_the_batch'], [{ name: 'axis', type: ATTRIBUTE_TYPE.int, i: 0 }]),
    );
  },
} as const satisfies Record<string, (graph: OnnxGraph) => void>;

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
