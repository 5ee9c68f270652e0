import { Root } from 'protobufjs';

/**
 * The part of ONNX's format that is needed to look into a model and to write one: messages, field names and numbers
 * as in onnx/onnx.proto of IR version 10. Fields that are not listed are skipped when read.
 */
const MESSAGES = {
  ModelProto: {
    irVersion: ['int64', 1],
    producerName: ['string', 2],
    graph: ['GraphProto', 7],
    opsetImport: ['repeated OperatorSetIdProto', 8],
    metadataProps: ['repeated StringStringEntryProto', 14],
    functions: ['repeated FunctionProto', 25],
  },
  OperatorSetIdProto: { domain: ['string', 1], version: ['int64', 2] },
  GraphProto: {
    node: ['repeated NodeProto', 1],
    name: ['string', 2],
    initializer: ['repeated TensorProto', 5],
    input: ['repeated ValueInfoProto', 11],
    output: ['repeated ValueInfoProto', 12],
    sparseInitializer: ['repeated SparseTensorProto', 15],
  },
  NodeProto: {
    input: ['repeated string', 1],
    output: ['repeated string', 2],
    name: ['string', 3],
    opType: ['string', 4],
    attribute: ['repeated AttributeProto', 5],
    domain: ['string', 7],
  },
  AttributeProto: {
    name: ['string', 1],
    f: ['float', 2],
    i: ['int64', 3],
    s: ['bytes', 4],
    t: ['TensorProto', 5],
    g: ['GraphProto', 6],
    floats: ['repeated float', 7],
    ints: ['repeated int64', 8],
    tensors: ['repeated TensorProto', 10],
    strings: ['repeated bytes', 9],
    graphs: ['repeated GraphProto', 11],
    type: ['int32', 20],
    sparseTensor: ['SparseTensorProto', 22],
  },
  FunctionProto: {
    name: ['string', 1],
    input: ['repeated string', 4],
    output: ['repeated string', 5],
    node: ['repeated NodeProto', 7],
    opsetImport: ['repeated OperatorSetIdProto', 9],
    domain: ['string', 10],
    attributeProto: ['repeated AttributeProto', 11],
  },
  SparseTensorProto: { values: ['TensorProto', 1], indices: ['TensorProto', 2], dims: ['repeated int64', 3] },
  TensorProto: {
    dims: ['repeated int64', 1],
    dataType: ['int32', 2],
    floatData: ['repeated float', 4],
    int32Data: ['repeated int32', 5],
    stringData: ['repeated bytes', 6],
    int64Data: ['repeated int64', 7],
    name: ['string', 8],
    rawData: ['bytes', 9],
    externalData: ['repeated StringStringEntryProto', 13],
    dataLocation: ['int32', 14],
  },
  StringStringEntryProto: { key: ['string', 1], value: ['string', 2] },
  ValueInfoProto: { name: ['string', 1], type: ['TypeProto', 2] },
  TypeProto: { tensorType: ['TensorTypeProto', 1], denotation: ['string', 6] },
  TensorTypeProto: { elemType: ['int32', 1], shape: ['TensorShapeProto', 2] },
  TensorShapeProto: { dim: ['repeated DimensionProto', 1] },
  DimensionProto: { dimValue: ['int64', 1], dimParam: ['string', 2] },
} as const;

function fieldsOf(message: Record<string, readonly [string, number]>) {
  return Object.fromEntries(
    Object.entries(message).map(([name, [declaration, id]]) => {
      const repeated = declaration.startsWith('repeated ');
      const type = repeated ? declaration.slice('repeated '.length) : declaration;
      return [name, repeated ? { rule: 'repeated', type, id } : { type, id }];
    }),
  );
}

const root = Root.fromJSON({
  nested: Object.fromEntries(Object.entries(MESSAGES).map(([name, message]) => [name, { fields: fieldsOf(message) }])),
});

export const MODEL_PROTO = root.lookupType('ModelProto');
