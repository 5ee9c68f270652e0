import type { OnnxModel, OnnxNode } from '#onnx';
import type { Quantization } from '#tasks';
import { constantNumber, firstUser, originOf } from './trace';

/** Where operators that take a quantised x, or give a quantised y, have its scale among their inputs; its zero point is next. */
const X_SCALE: Readonly<Record<string, number>> = {
  DequantizeLinear: 1,
  QLinearConv: 1,
  QLinearMatMul: 1,
  QLinearGlobalAveragePool: 1,
};
const Y_SCALE: Readonly<Record<string, number>> = {
  QuantizeLinear: 1,
  QLinearSoftmax: 3,
  QLinearSigmoid: 3,
  QLinearGlobalAveragePool: 3,
  QLinearMatMul: 6,
  QLinearAdd: 6,
  QGemm: 7,
};

/** What the integers of a graph's input stand for, where its first node says so. */
export function inputQuantization(model: OnnxModel, input: string): Quantization | undefined {
  return read(model, firstUser(model, input), X_SCALE);
}

/** What the integers of a graph's output stand for, where the last node that computes it, or quantises it, says so. */
export function outputQuantization(model: OnnxModel, output: string): Quantization | undefined {
  const { maker, passed } = originOf(model, output);
  return read(model, passed.find(({ opType }) => opType === 'QuantizeLinear') ?? maker, Y_SCALE);
}

function read(
  model: OnnxModel,
  node: OnnxNode | undefined,
  places: Readonly<Record<string, number>>,
): Quantization | undefined {
  const place = node && places[node.opType];
  if (place === undefined) return undefined;
  const scale = constantNumber(model, node!.input[place]);
  if (scale === undefined || scale <= 0) return undefined;
  return { scale, zero_point: constantNumber(model, node!.input[place + 1]) ?? 0 };
}
