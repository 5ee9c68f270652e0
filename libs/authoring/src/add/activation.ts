import type { OnnxModel } from '#onnx';
import { originOf } from './trace';

/** What a graph makes of its logits in the end. */
export type GraphEnd = 'softmax' | 'log-softmax' | 'sigmoid';

const ENDS: Readonly<Record<string, GraphEnd>> = {
  Softmax: 'softmax',
  QLinearSoftmax: 'softmax',
  LogSoftmax: 'log-softmax',
  Sigmoid: 'sigmoid',
  HardSigmoid: 'sigmoid',
  QLinearSigmoid: 'sigmoid',
};

/** The activation that computes `output`; null where the last operator that computes anything is none: only a run can tell then. */
export function endOf(model: OnnxModel, output: string): GraphEnd | null {
  const { maker } = originOf(model, output);
  return (maker && ENDS[maker.opType]) ?? null;
}
