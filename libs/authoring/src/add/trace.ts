import { DATA_TYPE, type OnnxFunction, type OnnxModel, type OnnxNode, type OnnxTensor } from '#onnx';

/** Operators that give the values they get, in another shape or type, or some of them. */
const KEEPS_VALUES = new Set(
  (
    'Reshape Flatten Squeeze Unsqueeze Transpose Identity Dropout Cast CastLike QuantizeLinear DequantizeLinear ' +
    'Clip Slice'
  ).split(' '),
);

/** The last node that computes anything for a value, and what stands between the two, last first. */
export interface Origin {
  maker: OnnxNode | undefined;
  passed: readonly OnnxNode[];
}

/** Follows a value back through nodes that leave values as they are, also into functions of the model. */
export function originOf(model: OnnxModel, name: string): Origin {
  const functions = new Map((model.functions ?? []).map((one) => [`${one.domain ?? ''}:${one.name}`, one]));
  const passed: OnnxNode[] = [];
  const maker = follow(model.graph.node, name, functions, passed, 0);
  return { maker: typeof maker === 'string' ? undefined : maker, passed };
}

/** Functions in functions in functions: no real model is deeper. */
const MAX_DEPTH = 16;

/** @returns the node, or the name of what comes from outside of these nodes */
function follow(
  nodes: readonly OnnxNode[],
  name: string,
  functions: ReadonlyMap<string, OnnxFunction>,
  passed: OnnxNode[],
  depth: number,
): OnnxNode | string {
  const makers = new Map(nodes.flatMap((maker) => maker.output.map((output) => [output, maker] as const)));
  let at = name;
  // No more steps than there are nodes: a damaged file may go round in circles.
  for (let steps = 0; steps <= nodes.length; steps++) {
    const maker = makers.get(at);
    if (!maker) return at;
    const called = functions.get(`${maker.domain ?? ''}:${maker.opType}`);
    if (called && depth < MAX_DEPTH) {
      const inner = called.output[maker.output.indexOf(at)] ?? '';
      const found = follow(called.node, inner, functions, passed, depth + 1);
      if (typeof found !== 'string') return found;
      at = maker.input[called.input.indexOf(found)] ?? '';
    } else if (KEEPS_VALUES.has(maker.opType)) {
      passed.push(maker);
      at = maker.input[0] ?? '';
    } else return maker;
  }
  return name;
}

/** The first node that uses a value for more than to give it another shape or type. */
export function firstUser({ graph }: OnnxModel, name: string): OnnxNode | undefined {
  const same = new Set([name]);
  for (const node of graph.node) {
    if (!same.has(node.input[0] ?? '')) continue;
    if (!SHAPES.has(node.opType)) return node;
    for (const output of node.output) same.add(output);
  }
  return undefined;
}

const SHAPES = new Set('Reshape Flatten Squeeze Unsqueeze Transpose Identity'.split(' '));

/** The one number that a constant holds; undefined where it is no constant, or has several. */
export function constantNumber(model: OnnxModel, name: string | undefined): number | undefined {
  const numbers = constantNumbers(model, name);
  return numbers?.length === 1 ? numbers[0] : undefined;
}

/** No constant that is looked for here is larger. */
const MAX_NUMBERS = 64;

/** The numbers of a small constant; undefined where it is none. */
export function constantNumbers({ graph }: OnnxModel, name: string | undefined): number[] | undefined {
  if (name === undefined || name === '') return undefined;
  const stored = graph.initializer.find((tensor) => tensor.name === name);
  const made = graph.node.find(({ opType, output }) => opType === 'Constant' && output[0] === name);
  const tensor = stored ?? made?.attribute?.find(({ t }) => t !== undefined)?.t;
  if (tensor) return numbersIn(tensor);
  const number = made?.attribute?.find((one) => one.name === 'value_float')?.f;
  return number === undefined ? undefined : [number];
}

/** Types of ONNX's TensorProto: how many bytes an element has, and how one is read. */
const READERS: Readonly<Record<number, readonly [number, (view: DataView, at: number) => number]>> = {
  [DATA_TYPE.float32]: [4, (view, at) => view.getFloat32(at, true)],
  [DATA_TYPE.uint8]: [1, (view, at) => view.getUint8(at)],
  [DATA_TYPE.int8]: [1, (view, at) => view.getInt8(at)],
  [DATA_TYPE.float64]: [8, (view, at) => view.getFloat64(at, true)],
};

function numbersIn({ dims, dataType, rawData, floatData, int32Data }: OnnxTensor): number[] | undefined {
  const reader = READERS[dataType];
  const count = dims.reduce((product, size) => product * size, 1);
  if (!reader || count > MAX_NUMBERS) return undefined;
  if (!rawData?.length) {
    const listed = dataType === DATA_TYPE.float32 ? floatData : int32Data;
    return listed?.length === count ? listed : undefined;
  }
  const [size, read] = reader;
  if (rawData.length !== count * size) return undefined;
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.length);
  return Array.from({ length: count }, (_, i) => read(view, i * size));
}
