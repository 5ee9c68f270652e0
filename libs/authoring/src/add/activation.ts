import type { OnnxModel, OnnxNode } from '#onnx';
import { constantNumber, originOf } from './trace';

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

/** A damaged file may go round in circles. */
const MAX_FACTORS = 8;

/** The activation that computes `output`; null where the last operator that computes anything is none: only a run can tell then. */
export function endOf(model: OnnxModel, output: string, depth = 0): GraphEnd | null {
  const { maker } = originOf(model, output);
  if (!maker || depth > MAX_FACTORS) return null;
  const known = ENDS[maker.opType];
  if (known) return known;
  if (maker.opType === 'Log') return endOf(model, maker.input[0] ?? '', depth + 1) === 'softmax' ? 'log-softmax' : null;
  const scaled = scaledIn(model, maker);
  return scaled?.factor === 1 ? endOf(model, scaled.value, depth + 1) : null;
}

/** Something that is done to probabilities, so that they are neither these nor logits any more: a sentence, or undefined. */
export function spoiltEnd(model: OnnxModel, output: string): string | undefined {
  const { maker } = originOf(model, output);
  if (!maker) return undefined;
  if (maker.opType === 'Tanh') {
    return 'the graph ends in a Tanh, whose -1..1 are no confidences; export it without, or with a Sigmoid in its place';
  }
  if (maker.opType === 'Log' && endOf(model, maker.input[0] ?? '') === 'sigmoid') {
    return 'the graph ends in the logarithm of a Sigmoid; export it without the logarithm';
  }
  const scaled = scaledIn(model, maker);
  const end = scaled && endOf(model, scaled.value);
  if (!end || scaled.factor === 1) return undefined;
  const factor = Number(scaled.factor.toPrecision(6));
  return `the graph multiplies by ${factor} what its ${end} gives; export it without that, so that confidences lie in 0..1`;
}

/** A product with one number, or a quotient by one. */
function scaledIn(model: OnnxModel, { opType, input }: OnnxNode): { value: string; factor: number } | undefined {
  const [a = '', b = ''] = input;
  const [first, second] = [constantNumber(model, a), constantNumber(model, b)];
  if (opType === 'Mul' && second !== undefined) return { value: a, factor: second };
  if (opType === 'Mul' && first !== undefined) return { value: b, factor: first };
  if (opType === 'Div' && second !== undefined) return { value: a, factor: 1 / second };
  return undefined;
}

const PRODUCTS = new Set('MatMul Gemm Conv QLinearMatMul QLinearConv QGemm FusedGemm MatMulNBits'.split(' '));

/** The last that happens is a product with weights, and a sum with a bias: nothing holds such values to 0..1. */
export function endsInProduct(model: OnnxModel, output: string): boolean {
  const { maker, passed } = originOf(model, output);
  if (!maker || passed.some(({ opType }) => opType === 'Clip')) return false;
  if (PRODUCTS.has(maker.opType)) return true;
  const weights = new Set(model.graph.initializer.map(({ name }) => name));
  const [value, ...others] = maker.input.filter((name) => !weights.has(name));
  if (maker.opType !== 'Add' || value === undefined || others.length > 0) return false;
  const inner = originOf(model, value);
  return inner.passed.every(({ opType }) => opType !== 'Clip') && PRODUCTS.has(inner.maker?.opType ?? '');
}

/** Operators that do not leave a score for each class, in the order of the classes. */
const LOSSY: Readonly<Record<string, string>> = {
  TopK: 'TopK, which gives the best scores alone, sorted',
  ReduceMax: 'ReduceMax, which gives the best score alone',
  ArgMax: 'ArgMax, which gives the best class alone',
  NonMaxSuppression: 'NonMaxSuppression, which gives boxes',
};

/** What makes of the scores of all classes something else; undefined where nothing does. */
export function lossyEnd(model: OnnxModel, output: string): string | undefined {
  const { maker } = originOf(model, output);
  return maker && LOSSY[maker.opType];
}
