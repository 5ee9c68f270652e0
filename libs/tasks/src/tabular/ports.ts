import { createHash } from 'node:crypto';
import type { TensorInfo } from '#core';
import type { FeatureSpec } from './feature';

/** Types of the elements of inputs that a table can be put into, as ONNX Runtime calls them. */
export type ElementType = 'float32' | 'float64' | 'int64' | 'int32' | 'bool' | 'string';

const ELEMENT_TYPES: ReadonlySet<string | null> = new Set<ElementType>([
  'float32',
  'float64',
  'int64',
  'int32',
  'bool',
  'string',
]);
const FLOATS: ReadonlySet<ElementType> = new Set(['float32', 'float64']);

export const ELEMENT_BYTES = { float32: 4, float64: 8, int64: 8, int32: 4, bool: 1 } as const;

/** One input of the graph, and the features that are its columns, in their order. */
export interface Port {
  name: string;
  type: ElementType;
  /** Columns. */
  width: number;
  /** It is [rows] and not [rows, width]. */
  isFlat: boolean;
  /** Places in the list of all features. */
  features: readonly number[];
}

/** The graph is not what the features say. */
export class ColumnsError extends Error {}

/**
 * How the features of a row are laid into the inputs of a graph: those of one input beside each other, in the order of the manifest.
 * @throws ColumnsError naming what does not fit
 */
export function portsOf(features: readonly FeatureSpec[], inputs: readonly TensorInfo[]): Port[] {
  const names = inputs.map(({ name }) => name).join(', ');
  const placed = new Map<string, number[]>(inputs.map(({ name }) => [name, []]));
  features.forEach(({ name, input = inputs.length === 1 ? inputs[0]!.name : undefined }, i) => {
    if (input === undefined) {
      throw new ColumnsError(`feature "${name}" must say which "input" takes it; the graph has ${names}`);
    }
    const columns = placed.get(input);
    if (!columns) throw new ColumnsError(`the graph has no input "${input}" for feature "${name}"; it has ${names}`);
    columns.push(i);
  });
  return inputs.map((input) => portOf(input, placed.get(input.name)!, features));
}

function portOf(info: TensorInfo, columns: number[], features: readonly FeatureSpec[]): Port {
  const { name, type, shape } = info;
  if (!ELEMENT_TYPES.has(type)) {
    throw new ColumnsError(
      `input "${name}" is ${type ?? 'no tensor'}; a table is ${[...ELEMENT_TYPES].join(', ')}: export the model with one of these`,
    );
  }
  if (shape.length !== 1 && shape.length !== 2) {
    throw new ColumnsError(`input "${name}" is [${shape.join(', ')}], and a table is [rows, columns]`);
  }
  const wanted = shape.length === 1 ? 1 : freeOr(shape[1]);
  if (columns.length === 0 || (wanted !== undefined && wanted !== columns.length)) {
    const takes = wanted === undefined ? 'some columns' : `${wanted} column${wanted === 1 ? '' : 's'}`;
    throw new ColumnsError(`input "${name}" takes ${takes}, but ${columns.length} features are said to be its columns`);
  }
  const port = {
    name,
    type: type as ElementType,
    width: columns.length,
    isFlat: shape.length === 1,
    features: columns,
  };
  for (const column of columns) requireFit(features[column]!, port);
  return port;
}

function requireFit({ name, type, values, required = true, default: given }: FeatureSpec, port: Port): void {
  const takes = `input "${port.name}" takes ${port.type}`;
  if (port.type === 'string' && type !== 'category') {
    throw new ColumnsError(`feature "${name}" is a ${type}, but ${takes}: it must be a category`);
  }
  if (port.type !== 'string' && type === 'category' && !values) {
    throw new ColumnsError(
      `feature "${name}" is a category, but ${takes}: give its "values" in the order in which they were numbered`,
    );
  }
  const canBeMissing = port.type === 'string' || FLOATS.has(port.type);
  if (!required && given === undefined && !canBeMissing) {
    throw new ColumnsError(
      `feature "${name}" may be missing, but ${takes}, which cannot say so: give it a "default", or make it required`,
    );
  }
}

/**
 * Tells rows apart that were laid out for another version: the same bytes would be other features there.
 * @returns a few characters
 */
export function layoutOf(features: readonly FeatureSpec[], ports: readonly Port[]): string {
  return createHash('sha256')
    .update(JSON.stringify([features, ports]))
    .digest('base64url')
    .slice(0, 12);
}

/** The batch dimension where the graph fixes it: the same for all inputs. */
export function fixedRows(inputs: readonly TensorInfo[]): number | null {
  return inputs.map(({ shape }) => freeOr(shape[0])).find((rows) => rows !== undefined) ?? null;
}

/** undefined where it is free. */
function freeOr(dimension: number | string | undefined): number | undefined {
  return typeof dimension === 'number' && dimension > 0 ? dimension : undefined;
}
