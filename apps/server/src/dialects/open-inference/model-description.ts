import type { ServedTask } from '#core';
import { ImageClassifier, type Port, TensorModel } from '#tasks';

/** The tensors that a version takes and gives, as its graph has them; −1 for a size that is free. */
export interface Ports {
  inputs: readonly Port[];
  outputs: readonly Port[];
}

/** None of a version whose task is not spoken of in this protocol. */
export function portsOf(task: ServedTask): Ports {
  if (task instanceof TensorModel) return { inputs: task.inputs, outputs: task.outputs };
  if (!(task instanceof ImageClassifier)) return { inputs: [], outputs: [] };
  const { pixels, outputName, labels } = task;
  return {
    inputs: [{ name: pixels.name, datatype: pixels.datatype, shape: [-1, ...pixels.shape] }],
    outputs: [{ name: outputName, datatype: 'FP32', shape: [-1, labels.length] }],
  };
}

export interface ConfiguredPort {
  name: string;
  data_type: string;
  format?: string;
  dims: readonly number[];
}

export interface ModelConfig {
  name: string;
  platform: string;
  backend: string;
  version_policy: { specific: { versions: readonly number[] } };
  max_batch_size: number;
  input: readonly ConfiguredPort[];
  output: readonly ConfiguredPort[];
  instance_group: readonly { name: string; kind: string; count: number }[];
}

/** What Triton's configuration of a model says: https://github.com/triton-inference-server/common, protobuf/model_config.proto */
export function configOf(
  task: ServedTask,
  { name, version, workers, maxPictures }: { name: string; version: number; workers: number; maxPictures: number },
): ModelConfig {
  const { inputs, outputs } = portsOf(task);
  const isBatched = task instanceof ImageClassifier;
  // The first size is that of the batch, which max_batch_size tells of.
  const dims = ({ shape }: Port): readonly number[] => (isBatched ? shape.slice(1) : shape);
  const format = isBatched ? `FORMAT_${task.pixels.layout}` : 'FORMAT_NONE';
  const typed = (port: Port) => ({ name: port.name, data_type: configType(port), dims: dims(port) });
  return {
    name,
    platform: PLATFORM,
    backend: 'onnxruntime',
    version_policy: { specific: { versions: [version] } },
    max_batch_size: isBatched ? maxPictures : 0,
    input: inputs.map((port) => ({ ...typed(port), format })),
    output: outputs.map(typed),
    instance_group: [{ name, kind: 'KIND_CPU', count: workers }],
  };
}

export const PLATFORM = 'onnxruntime_onnx';

function configType({ datatype }: Port): string {
  return `TYPE_${datatype === 'BYTES' ? 'STRING' : datatype}`;
}
