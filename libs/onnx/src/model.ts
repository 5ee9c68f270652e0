import { MODEL_PROTO } from './schema';

/** TensorProto.DataType, those that a model's inputs, outputs or weights may have. */
export const DATA_TYPE = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
} as const;

/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

export interface OnnxModel {
  irVersion: number;
  producerName?: string;
  opsetImport: { domain?: string; version: number }[];
  graph: OnnxGraph;
  metadataProps?: { key: string; value: string }[];
  functions?: OnnxFunction[];
}

/** Nodes that stand for one operator, in the model's own domain. */
export interface OnnxFunction {
  name: string;
  domain?: string;
  input: string[];
  output: string[];
  node: OnnxNode[];
  opsetImport?: { domain?: string; version: number }[];
  /** Defaults of its attributes. */
  attributeProto?: OnnxAttribute[];
}

export interface OnnxGraph {
  name?: string;
  node: OnnxNode[];
  initializer: OnnxTensor[];
  input: OnnxValue[];
  output: OnnxValue[];
  sparseInitializer?: OnnxSparseTensor[];
}

export interface OnnxNode {
  input: string[];
  output: string[];
  name?: string;
  opType: string;
  domain?: string;
  attribute?: OnnxAttribute[];
}

export interface OnnxAttribute {
  name: string;
  type: number;
  f?: number;
  i?: number;
  ints?: number[];
  s?: Uint8Array;
  strings?: Uint8Array[];
  t?: OnnxTensor;
  g?: OnnxGraph;
  tensors?: OnnxTensor[];
  graphs?: OnnxGraph[];
  sparseTensor?: OnnxSparseTensor;
}

export interface OnnxSparseTensor {
  values: OnnxTensor;
  indices: OnnxTensor;
  dims: number[];
}

export interface OnnxTensor {
  name?: string;
  dims: number[];
  dataType: number;
  /** Little-endian, row by row. */
  rawData?: Uint8Array;
  floatData?: number[];
  int32Data?: number[];
  int64Data?: number[];
  stringData?: Uint8Array[];
  externalData?: { key: string; value: string }[];
  dataLocation?: number;
}

export interface OnnxValue {
  name: string;
  type?: { tensorType?: { elemType: number; shape?: { dim: OnnxDimension[] } } };
}

/** A size, or a name for a size that is free; neither means unknown. */
export interface OnnxDimension {
  dimValue?: number;
  dimParam?: string;
}

/** The bytes are no ONNX model. */
export class OnnxFormatError extends Error {}

/** Weights stay views into `bytes`. @throws OnnxFormatError */
export function readOnnx(bytes: Uint8Array): OnnxModel {
  let model: OnnxModel;
  try {
    const message = MODEL_PROTO.decode(bytes);
    model = MODEL_PROTO.toObject(message, { longs: Number, arrays: true }) as OnnxModel;
  } catch (error) {
    throw new OnnxFormatError(`this is no ONNX file, or a damaged one: ${(error as Error).message}`);
  }
  if (!model.graph || model.graph.node.length === 0) throw new OnnxFormatError('this is no ONNX file: it has no graph');
  return model;
}
