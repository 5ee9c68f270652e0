import type { InputType, Layout, Quantization } from '#tasks';
import type { OnnxModel, OnnxValue } from '#onnx';
import { InvalidVersionError } from '#registry';
import { endOf, endsInProduct, type GraphEnd, lossyEnd, spoiltEnd } from './activation';
import { describe, sizesOf, typeOf } from './describe-value';
import { layoutOf } from './layout';
import { inputQuantization, outputQuantization } from './quantization';

/** What an ONNX file says of itself. `null` stands for what it leaves open. */
export interface GraphFacts {
  input: {
    name: string;
    layout: Layout;
    dtype: InputType;
    channels: 1 | 3 | 4;
    /** What integers of the input stand for. */
    quantization?: Quantization;
    /** Pixels. */
    width: number | null;
    height: number | null;
    /** Images per run, where the graph fixes them. */
    batch: number | null;
  };
  output: {
    name: string;
    /** Values per image: 1 where one stands for a yes or a no. */
    classes: number | null;
    /** What its scores are computed by in the end; where no activation is seen, only a run can tell. */
    end: GraphEnd | null;
    /** What is done to probabilities in the end, so that no activation of ours would be right. */
    spoilt?: string;
    /** Its values cannot be confidences, wherever they happen to lie: the last that happens is a product with weights. */
    isProduct?: boolean;
    quantization?: Quantization;
  };
}

/** What a person may add where the graph is ambiguous. */
export interface GraphChoice {
  layout?: Layout;
  /** Name of the output that holds the class scores. */
  output?: string;
}

const INPUT_TYPES: readonly string[] = ['float32', 'float16', 'uint8', 'int8'] satisfies InputType[];
const SCORE_TYPES = new Set<string | undefined>(['float32', 'float16', 'float64', undefined]);
const QUANTIZED_TYPES = new Set<string | undefined>(['uint8', 'int8']);

/** @throws InvalidVersionError when this is no image classifier that can be served: what is wrong, how to mend it */
export function inspect(model: OnnxModel, choice: GraphChoice = {}): GraphFacts {
  const input = inspectInput(model, choice);
  return { input, output: inspectOutput(model, choice, input.batch) };
}

function inspectInput(model: OnnxModel, choice: GraphChoice): GraphFacts['input'] {
  const { graph } = model;
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
      `the input is ${describe(input)} but an image has four dimensions: [batch, channels, height, width] or ` +
        '[batch, height, width, channels]; export the model with such an input',
    );
  }
  const dtype = inputType(input);
  const { layout, channels } = layoutOf(graph, input, dims, choice.layout);
  const [height, width] = layout === 'NCHW' ? dims.slice(2) : dims.slice(1);
  const quantization = QUANTIZED_TYPES.has(dtype) ? inputQuantization(model, input.name) : undefined;
  const found = { name: input.name, layout, dtype, channels, width: width!, height: height!, batch: dims[0]! };
  return quantization ? { ...found, quantization } : found;
}

function inputType(input: OnnxValue): InputType {
  const type = typeOf(input);
  if (type !== undefined && INPUT_TYPES.includes(type)) return type as InputType;
  throw new InvalidVersionError(
    `the input is ${describe(input)}; float32, float16, uint8 and int8 can be served: export the model with one of these`,
  );
}

function inspectOutput(model: OnnxModel, choice: GraphChoice, batch: number | null): GraphFacts['output'] {
  const output = chooseOutput(model, choice.output, batch);
  const type = typeOf(output);
  if (output.type && !output.type.tensorType) {
    throw new InvalidVersionError(
      `the output is ${describe(output)}: a sequence, a map or the like; export the model with a tensor of scores`,
    );
  }
  if (!SCORE_TYPES.has(type) && !QUANTIZED_TYPES.has(type)) {
    throw new InvalidVersionError(
      `the output is ${describe(output)}; scores are float32, float16 or float64, or quantised to int8 or uint8: export ` +
        (type === 'bfloat16'
          ? 'the model with one of these'
          : 'the model without the step that turns them into something else, such as ArgMax'),
    );
  }
  const lossy = lossyEnd(model, output.name);
  if (lossy) {
    throw new InvalidVersionError(
      `the output "${output.name}" comes from ${lossy}: there is no score for each class in it; export the model without that`,
    );
  }
  const facts = {
    name: output.name,
    classes: classesOf(output, batch),
    end: endOf(model, output.name),
    spoilt: spoiltEnd(model, output.name),
    isProduct: endsInProduct(model, output.name),
  };
  if (!QUANTIZED_TYPES.has(type)) return facts;
  const quantization = outputQuantization(model, output.name);
  if (quantization) return { ...facts, quantization };
  throw new InvalidVersionError(
    `the output is ${describe(output)}, and no QuantizeLinear at the end of the graph says what its integers stand for; ` +
      'export the model with float32 outputs',
  );
}

/** What is named; or the only output that could hold scores; or the only one of those that an activation has computed. */
function chooseOutput(model: OnnxModel, name: string | undefined, batch: number | null): OnnxValue {
  const { output } = model.graph;
  const all = output.map(describe).join('; ');
  if (name !== undefined) {
    const named = output.find((value) => value.name === name);
    if (named) return named;
    throw new InvalidVersionError(`the graph has no output "${name}"; it has ${all}`);
  }
  if (output.length === 1) return output[0]!;
  const possible = output.filter((value) => couldHoldScores(value, batch) && !lossyEnd(model, value.name));
  const activated = possible.filter((value) => endOf(model, value.name) !== null);
  const [only, ...others] = possible.length === 1 ? possible : activated;
  if (only && others.length === 0) return only;
  throw new InvalidVersionError(
    output.length === 0
      ? 'the graph has no output'
      : `the graph has several outputs (${all}); say with --output NAME which one holds the class scores`,
  );
}

function couldHoldScores(value: OnnxValue, batch: number | null): boolean {
  const type = typeOf(value);
  if (value.type?.tensorType === undefined || !(SCORE_TYPES.has(type) || QUANTIZED_TYPES.has(type))) return false;
  try {
    classesOf(value, batch);
    return true;
  } catch (error) {
    if (error instanceof InvalidVersionError) return false;
    throw error;
  }
}

/** Scores per image: all dimensions but the batch, of which one at most may be larger than 1. */
function classesOf(output: OnnxValue, batch: number | null): number | null {
  const dims = sizesOf(output);
  if (!dims || dims.length === 0) return null;
  // [classes] alone is what a graph gives that squeezes its batch of 1 away; [batch] what one gives with one value per image.
  if (dims.length === 1) return batch === 1 ? dims[0]! : dims[0] === batch ? 1 : null;
  const sizes = dims.slice(1);
  if (sizes.filter((size) => size !== 1).length > 1) {
    throw new InvalidVersionError(
      `the output is ${describe(output)}, which is not one score per class; only image classifiers can be served`,
    );
  }
  return sizes.reduce<number | null>((product, size) => product && size && product * size, 1);
}
