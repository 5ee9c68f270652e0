import type { OnnxGraph } from '#onnx';

/** Operators that give the values they get, in another shape or type. */
const KEEPS_VALUES = new Set(
  'Reshape Flatten Squeeze Unsqueeze Transpose Identity Dropout Cast QuantizeLinear DequantizeLinear'.split(' '),
);
const SOFTMAX = new Set(['Softmax', 'QLinearSoftmax']);

/** Whether the last operator that computes anything for `output` is a Softmax. */
export function endsInSoftmax({ node }: OnnxGraph, output: string): boolean {
  const makers = new Map(node.flatMap((maker) => maker.output.map((name) => [name, maker] as const)));
  let maker = makers.get(output);
  // No more steps than there are nodes: a damaged file may go round in circles.
  for (let steps = 0; maker && KEEPS_VALUES.has(maker.opType) && steps < node.length; steps++) {
    maker = makers.get(maker.input[0] ?? '');
  }
  return maker !== undefined && SOFTMAX.has(maker.opType);
}
