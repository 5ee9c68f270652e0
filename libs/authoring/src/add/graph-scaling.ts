import type { OnnxModel, OnnxNode } from '#onnx';
import { type FileFacts, RANGES } from './metadata';
import { constantNumbers } from './trace';

/** Operators that give the pixels they get, in another shape or type. */
const KEEPS_PIXELS = new Set('Cast Identity Transpose Reshape Unsqueeze Squeeze'.split(' '));

/** What a graph does to its input first: `factor` times it, plus `offset`, both a mean over the channels. */
interface Affine {
  factor: number;
  offset: number;
}

/**
 * Which values of pixels a graph takes that scales or normalises them itself, as it does where preparation was exported with the
 * network: such that what comes of them is of the size that networks are trained with.
 */
export function scalingIn(model: OnnxModel, input: string): FileFacts {
  const affine = firstSteps(model, input);
  if (!affine) return {};
  const { factor, offset } = affine;
  // Off 0..255 a mean is taken that is far from 0..1.
  const takesBytes = Math.abs(factor) === 1 ? Math.abs(offset) > 5 : isUsual(255 * factor);
  if (takesBytes) return { ...RANGES['0..255'] };
  return isUsual(factor) ? { ...RANGES['0..1'] } : {};
}

/** 1 for 0..1, 2 for -1..1, some 4.4 where ImageNet's deviations have been divided by. */
function isUsual(spread: number): boolean {
  return Math.abs(spread) >= 0.5 && Math.abs(spread) <= 12;
}

function firstSteps(model: OnnxModel, input: string): Affine | undefined {
  let at = input;
  let affine: Affine | undefined;
  // No more steps than there are nodes: a damaged file may go round in circles.
  for (let steps = 0; steps < model.graph.node.length; steps++) {
    const users = model.graph.node.filter((node) => node.input.includes(at));
    const [user] = users;
    if (!user || users.length > 1) return affine;
    if (!KEEPS_PIXELS.has(user.opType)) {
      const step = stepOf(model, user, at);
      if (!step) return affine;
      const { factor, offset } = affine ?? { factor: 1, offset: 0 };
      affine = { factor: factor * step.factor, offset: offset * step.factor + step.offset };
    }
    at = user.output[0] ?? '';
  }
  return affine;
}

function stepOf(model: OnnxModel, { opType, input }: OnnxNode, value: string): Affine | undefined {
  const isFirst = input[0] === value;
  const constants = constantNumbers(model, input[isFirst ? 1 : 0]);
  if (!constants || constants.length > 4) return undefined;
  const constant = constants.reduce((sum, one) => sum + one, 0) / constants.length;
  if (opType === 'Mul') return { factor: constant, offset: 0 };
  if (opType === 'Add') return { factor: 1, offset: constant };
  if (!isFirst || constant === 0) return undefined;
  if (opType === 'Div') return { factor: 1 / constant, offset: 0 };
  return opType === 'Sub' ? { factor: 1, offset: -constant } : undefined;
}
