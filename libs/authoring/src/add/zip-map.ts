import { cutOutputs, DATA_TYPE, type OnnxModel, type OnnxNode, type OnnxValue, readOnnx } from '#onnx';
import type { ModelFile } from './model-file';

/** A file without its ZipMaps, and the labels that they had. */
export interface Unmapped {
  file: ModelFile;
  labels?: string[];
}

/**
 * Leaves out ZipMap nodes (scikit-learn's exporter puts them at the end) that turn scores into a list of dictionaries, which no
 * server can hand out as tensors: what goes into them becomes the output.
 */
export function withoutZipMap(file: ModelFile): Unmapped {
  const { graph } = file.model;
  const outputs = new Set(graph.output.map(({ name }) => name));
  const maps = [...graph.node.entries()].filter(
    ([, { opType, output }]) => opType === 'ZipMap' && outputs.has(output[0] ?? ''),
  );
  if (maps.length === 0) return { file };
  const mapped = new Map(maps.map(([, node]) => [node.output[0], node]));
  const changed = graph.output.map((value) => {
    const map = mapped.get(value.name);
    return map ? scoresOf(map, classesOf(map)?.length) : value;
  });
  const bytes = Buffer.concat(cutOutputs(file.bytes, new Set(maps.map(([place]) => place)), changed));
  const model: OnnxModel = readOnnx(bytes);
  const changes = [...file.changes, 'ZipMap was left out: what goes into it is the output now'];
  return { file: { ...file, bytes, model, changes }, labels: classesOf(maps[0]![1]) };
}

function scoresOf({ input }: OnnxNode, classes: number | undefined): OnnxValue {
  const dim = [{ dimParam: 'batch' }, classes === undefined ? {} : { dimValue: classes }];
  return { name: input[0]!, type: { tensorType: { elemType: DATA_TYPE.float32, shape: { dim } } } };
}

function classesOf({ attribute = [] }: OnnxNode): string[] | undefined {
  for (const { name, strings, ints } of attribute) {
    if (name === 'classlabels_strings' && strings?.length) return strings.map((text) => Buffer.from(text).toString());
    if (name === 'classlabels_int64s' && ints?.length) return ints.map(String);
  }
  return undefined;
}
