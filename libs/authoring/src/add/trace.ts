import type { OnnxFunction, OnnxModel, OnnxNode, OnnxTensor } from '#onnx';

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
export function constantNumber({ graph }: OnnxModel, name: string | undefined): number | undefined {
  if (name === undefined || name === '') return undefined;
  const stored = graph.initializer.find((tensor) => tensor.name === name);
  const made = graph.node.find(({ opType, output }) => opType === 'Constant' && output[0] === name);
  const tensor = stored ?? made?.attribute?.find(({ t }) => t !== undefined)?.t;
  return tensor ? numberIn(tensor) : made?.attribute?.find((one) => one.name === 'value_float')?.f;
}

/** Types of ONNX's TensorProto. */
const FLOAT = 1;
const UINT8 = 2;
const INT8 = 3;

function numberIn({ dims, dataType, rawData, floatData, int32Data }: OnnxTensor): number | undefined {
  if (dims.some((size) => size !== 1)) return undefined;
  const raw = rawData?.length ? new DataView(rawData.buffer, rawData.byteOffset, rawData.length) : undefined;
  if (dataType === FLOAT) return raw ? raw.getFloat32(0, true) : floatData?.[0];
  if (dataType === UINT8) return raw ? raw.getUint8(0) : int32Data?.[0];
  if (dataType === INT8) return raw ? raw.getInt8(0) : int32Data?.[0];
  return undefined;
}
