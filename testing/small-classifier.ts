import { ATTRIBUTE_TYPE, DATA_TYPE, type OnnxModel, type OnnxNode, type OnnxTensor, type OnnxValue } from '#onnx';
import { writeOnnx } from './onnx-file';

export interface SmallOptions {
  /** Of the input. */
  dtype?: number;
  /** NCHW. */
  channels?: number;
  /** Row by row: a row for each channel, a column for each class. */
  weights: readonly (readonly number[])[];
  /** Nodes between the input and `image`, a float input; without them the input is that itself. */
  head?: OnnxNode[];
  /** Nodes behind `logits`, float32 [batch, classes]. */
  tail?: OnnxNode[];
  /** `logits` when left out. */
  output?: OnnxValue[];
  initializer?: OnnxTensor[];
  /** Beside the graph, such as metadata and functions. */
  model?: Partial<OnnxModel>;
}

/** A classifier of 8 x 8 pixels whose logits are the mean colour of an image times weights: what it must say can be reckoned by hand. */
export function smallClassifier(options: SmallOptions): Uint8Array {
  const { weights, channels = weights.length, head = [], tail = [], dtype = DATA_TYPE.float32 } = options;
  const classes = weights[0]!.length;
  const start = head.length > 0 ? 'image' : 'input';
  return writeOnnx({
    irVersion: 8,
    producerName: 'eyrie-tests',
    opsetImport: [{ version: 13 }],
    ...options.model,
    graph: {
      name: 'small',
      input: [valueOf('input', ['batch', channels, 8, 8], dtype)],
      output: options.output ?? [valueOf('logits', ['batch', classes])],
      initializer: [floats('weights', weights.flat(), [channels, classes]), ...(options.initializer ?? [])],
      node: [
        ...head,
        nodeOf('ReduceMean', [start], 'mean', {
          attribute: [
            { name: 'axes', type: ATTRIBUTE_TYPE.ints, ints: [2, 3] },
            { name: 'keepdims', type: ATTRIBUTE_TYPE.int, i: 0 },
          ],
        }),
        nodeOf('MatMul', ['mean', 'weights'], 'logits'),
        ...tail,
      ],
    },
  });
}

export function nodeOf(opType: string, input: string[], output: string, more: Partial<OnnxNode> = {}): OnnxNode {
  return { opType, input, output: [output], name: output, ...more };
}

export function axis(i: number): Pick<OnnxNode, 'attribute'> {
  return { attribute: [{ name: 'axis', type: ATTRIBUTE_TYPE.int, i }] };
}

/** Sizes as numbers, free ones as names. */
export function valueOf(name: string, sizes: (number | string)[], elemType: number = DATA_TYPE.float32): OnnxValue {
  const dim = sizes.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

export function floats(name: string, values: readonly number[], dims: number[] = []): OnnxTensor {
  return { name, dims, dataType: DATA_TYPE.float32, rawData: new Uint8Array(Float32Array.from(values).buffer) };
}

export function bytes(name: string, value: number, dataType: number): OnnxTensor {
  return { name, dims: [], dataType, rawData: Uint8Array.of(value & 255) };
}

export function int64s(name: string, values: number[]): OnnxTensor {
  const data = BigInt64Array.from(values.map(BigInt));
  return { name, dims: [values.length], dataType: DATA_TYPE.int64, rawData: new Uint8Array(data.buffer) };
}
