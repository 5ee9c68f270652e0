import type { Layout } from '#tasks';
import type { OnnxGraph, OnnxValue } from '#onnx';
import { InvalidVersionError } from '#registry';
import { describe } from './describe-value';

export interface LayoutFacts {
  layout: Layout;
  channels: 1 | 3 | 4;
}

/** Grey; red, green and blue; these and alpha. */
const isChannels = (size: number | null | undefined): size is 1 | 3 | 4 => size === 1 || size === 3 || size === 4;
const COLOURS = 3;

/**
 * Where the channels of an input of four dimensions stand, and how many there are.
 * @throws InvalidVersionError when it takes no images, or cannot be told
 */
export function layoutOf(
  graph: OnnxGraph,
  input: OnnxValue,
  [, second, , last]: (number | null)[],
  choice: Layout | undefined,
): LayoutFacts {
  const first = isChannels(second) ? second : undefined;
  const behind = isChannels(last) ? last : undefined;
  if (first === undefined && behind === undefined && second !== null && last !== null) {
    throw new InvalidVersionError(
      `the input is ${describe(input)}: it takes images of ${Math.min(second!, last!)} channels, ` +
        'but only those of 1 (grey), 3 (red, green and blue) and 4 (with alpha) can be served',
    );
  }
  const of = (layout: Layout): LayoutFacts => ({
    layout,
    channels: (layout === 'NCHW' ? first : behind) ?? COLOURS,
  });
  if ((first === undefined) !== (behind === undefined)) {
    const found = of(first === undefined ? 'NHWC' : 'NCHW');
    if (!choice || choice === found.layout) return found;
    throw new InvalidVersionError(`the input is ${describe(input)}, which is ${found.layout} and not ${choice}`);
  }
  if (choice) return of(choice);
  if (goesIntoConv(graph, input.name)) return of('NCHW');
  throw new InvalidVersionError(
    `the input is ${describe(input)}, so the layout cannot be told; give --layout NCHW or --layout NHWC`,
  );
}

const ELEMENTWISE = new Set(
  'Cast Identity Sub Add Mul Div Clip Pad BatchNormalization QuantizeLinear DequantizeLinear'.split(' '),
);

/** Whether the image reaches a convolution as it is: ONNX's convolutions take channels first, all of them. */
function goesIntoConv({ node }: OnnxGraph, name: string): boolean {
  const reached = new Set([name]);
  for (const { opType, input, output } of node) {
    if (!reached.has(input[0] ?? '')) continue;
    if (opType === 'Conv' || opType === 'QLinearConv') return true;
    if (ELEMENTWISE.has(opType)) for (const result of output) reached.add(result);
  }
  return false;
}
