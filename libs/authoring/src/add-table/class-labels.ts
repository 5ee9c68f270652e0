import { DATA_TYPE, type OnnxModel, type OnnxNode, type OnnxTensor } from '#onnx';

/** Classes that the graph itself names: those of a classifier of ai.onnx.ml, or the list that an index is looked up in. */
export function classLabels({ graph }: OnnxModel): string[] | undefined {
  for (const node of [...graph.node].reverse()) {
    const found = node.opType === 'ArrayFeatureExtractor' ? extracted(node, graph.initializer) : ofClassifier(node);
    if (found && found.length > 1) return found;
  }
  return undefined;
}

function ofClassifier({ attribute = [] }: OnnxNode): string[] | undefined {
  for (const { name, strings, ints } of attribute) {
    if (!name.startsWith('classlabels_') && name !== 'cats_strings') continue;
    if (strings?.length) return strings.map((text) => Buffer.from(text).toString());
    if (ints?.length) return ints.map(String);
  }
  return undefined;
}

function extracted({ input }: OnnxNode, initializers: readonly OnnxTensor[]): string[] | undefined {
  const tensor = initializers.find(({ name }) => name === input[0]);
  if (!tensor) return undefined;
  if (tensor.stringData?.length) return tensor.stringData.map((text) => Buffer.from(text).toString());
  if (tensor.dataType === DATA_TYPE.int64) return int64s(tensor);
  if (tensor.dataType === DATA_TYPE.int32) return tensor.int32Data?.map(String);
  return undefined;
}

function int64s({ rawData, int64Data }: OnnxTensor): string[] | undefined {
  if (!rawData?.length) return int64Data?.map(String);
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Array.from({ length: rawData.byteLength / 8 }, (_, i) => String(view.getBigInt64(8 * i, true)));
}
