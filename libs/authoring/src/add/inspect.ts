import type { InputType, Layout } from '#tasks';
import { DATA_TYPE, type OnnxGraph, type OnnxModel, type OnnxValue } from '#onnx';
import { InvalidVersionError } from '#registry';
import { endsInSoftmax } from './softmax';

/** What an ONNX file says of itself. `null` stands for what it leaves open. */
export interface GraphFacts {
  input: {
    name: string;
    layout: Layout;
    dtype: InputType;
    /** Pixels. */
    width: number | null;
    height: number | null;
    /** Images per run, where the graph fixes them. */
    batch: number | null;
  };
  output: {
    name: string;
    classes: number | null;
    /** Whether the scores are probabilities already; without a Softmax at the end only a run can tell. */
    probabilities: true | null;
  };
}

/** What a person may add where the graph is ambiguous. */
export interface GraphChoice {
  layout?: Layout;
  /** Name of the output that holds the class scores. */
  output?: string;
}

const COLOURS = 3;

/** @throws InvalidVersionError when this is no image classifier that can be served: what is wrong, how to mend it */
export function inspect(model: OnnxModel, choice: GraphChoice = {}): GraphFacts {
  const input = inspectInput(model.graph, choice);
  return { input, output: inspectOutput(model.graph, choice, input.batch) };
}

function inspectInput(graph: OnnxGraph, choice: GraphChoice): GraphFacts['input'] {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !weights.has(name));
  const [input] = inputs;
  if (!input) throw new InvalidVersionError('the graph has no input that an image could go into');
  if (inputs.length > 1) {
    throw new InvalidVersionError(
      `the graph has ${inputs.length} inputs (${inputs.map(describe).join('; ')}) but an image classifier has one; ` +
        'export it with the others as constants',
    );
  }
  const dims = sizesOf(input);
  if (dims?.length !== 4) {
    throw new InvalidVersionError(
      `the input is ${describe(input)} but an image has four dimensions: [batch, 3, height, width] or ` +
        '[batch, height, width, 3]; export the model with such an input',
    );
  }
  const dtype = inputType(input);
  const layout = layoutOf(input, dims, choice, () => goesIntoConv(graph, input.name));
  const [height, width] = layout === 'NCHW' ? dims.slice(2) : dims.slice(1);
  return { name: input.name, layout, dtype, width: width!, height: height!, batch: dims[0]! };
}

function inputType(input: OnnxValue): InputType {
  const type = typeOf(input);
  if (type === 'float32' || type === 'float16' || type === 'uint8') return type;
  throw new InvalidVersionError(
    `the input is ${describe(input)}; float32, float16 and uint8 can be served: export the model with one of these`,
  );
}

function layoutOf(
  input: OnnxValue,
  [, second, , last]: (number | null)[],
  choice: GraphChoice,
  isConvolved: () => boolean,
): Layout {
  const channelsFirst = second === COLOURS;
  const channelsLast = last === COLOURS;
  if (!channelsFirst && !channelsLast && second !== null && last !== null) {
    throw new InvalidVersionError(
      `the input is ${describe(input)}: it takes images of ${Math.min(second!, last!)} channels, ` +
        'but only those of 3, red, green and blue, can be served',
    );
  }
  if (channelsFirst !== channelsLast) {
    const layout = channelsFirst ? 'NCHW' : 'NHWC';
    if (!choice.layout || choice.layout === layout) return layout;
    throw new InvalidVersionError(`the input is ${describe(input)}, which is ${layout} and not ${choice.layout}`);
  }
  if (choice.layout) return choice.layout;
  if (isConvolved()) return 'NCHW';
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

function inspectOutput(graph: OnnxGraph, choice: GraphChoice, batch: number | null): GraphFacts['output'] {
  const output = chooseOutput(graph, choice.output);
  const type = typeOf(output);
  if (!['float32', 'float16', 'float64', undefined].includes(type)) {
    throw new InvalidVersionError(
      `the output is ${describe(output)}; scores are float32, float16 or float64: export the model without the step ` +
        'that turns them into something else, such as ArgMax',
    );
  }
  const classes = classesOf(output, batch);
  return { name: output.name, classes, probabilities: endsInSoftmax(graph, output.name) ? true : null };
}

function chooseOutput({ output }: OnnxGraph, name: string | undefined): OnnxValue {
  const all = output.map(describe).join('; ');
  if (name !== undefined) {
    const named = output.find((value) => value.name === name);
    if (named) return named;
    throw new InvalidVersionError(`the graph has no output "${name}"; it has ${all}`);
  }
  if (output.length === 1) return output[0]!;
  throw new InvalidVersionError(
    output.length === 0
      ? 'the graph has no output'
      : `the graph has several outputs (${all}); say with --output NAME which one holds the class scores`,
  );
}

/** Scores per image: all dimensions but the batch, of which one at most may be larger than 1. */
function classesOf(output: OnnxValue, batch: number | null): number | null {
  const dims = sizesOf(output);
  if (!dims || dims.length === 0) return null;
  // [classes] alone is what a graph gives that squeezes its batch of 1 away.
  if (dims.length === 1) return batch === 1 ? dims[0]! : null;
  const sizes = dims.slice(1);
  if (sizes.filter((size) => size !== 1).length > 1) {
    throw new InvalidVersionError(
      `the output is ${describe(output)}, which is not one score per class; only image classifiers can be served`,
    );
  }
  const classes = sizes.reduce<number | null>((product, size) => product && size && product * size, 1);
  if (classes === 1) throw new InvalidVersionError(ONE_CLASS);
  return classes;
}

export const ONE_CLASS =
  'the output has one value per image, but a classifier has one for each of at least two classes; ' +
  'export a binary classifier with two outputs';

/** Sizes of the dimensions, `null` where they are free; undefined where not even their number is known. */
function sizesOf({ type }: OnnxValue): (number | null)[] | undefined {
  return type?.tensorType?.shape?.dim.map(({ dimValue }) => (dimValue !== undefined && dimValue > 0 ? dimValue : null));
}

function typeOf({ type }: OnnxValue): string | undefined {
  const element = type?.tensorType?.elemType;
  if (element === undefined) return undefined;
  return Object.entries(DATA_TYPE).find(([, number]) => number === element)?.[0] ?? `of ONNX type ${element}`;
}

/** As in `data: float32 [batch, 3, 224, 224]`. */
function describe(value: OnnxValue): string {
  const dims = value.type?.tensorType?.shape?.dim;
  const sizes = dims?.map(({ dimValue, dimParam }) => (dimValue && dimValue > 0 ? dimValue : dimParam || '?'));
  return `${value.name}: ${typeOf(value) ?? 'no tensor'} ${sizes ? `[${sizes.join(', ')}]` : 'of unknown shape'}`;
}
