import { InvalidVersionError } from '#registry';
import type { FeatureSpec, FeatureType } from '#tasks';
import type { GivenFeature } from './features-file';
import type { TableFacts } from './inspect-table';

type Input = TableFacts['inputs'][number];

/** The features of a graph's columns. */
export interface Columns {
  features: FeatureSpec[];
  /** Where their names come from. */
  source: 'option' | 'file' | 'assumed';
}

/** @param given what somebody has said of them @throws InvalidVersionError where that does not fit */
export function columnsFor(inputs: readonly Input[], given: readonly GivenFeature[] | undefined): Columns {
  if (!given) return ofTheGraph(inputs);
  const placed = placedByName(inputs, given) ?? placedInOrder(inputs, given);
  const features = placed.map(({ feature, input }) => ({
    ...feature,
    name: feature.name,
    type: feature.type ?? typeOf(feature, input),
    ...(inputs.length > 1 && { input: input.name }),
  }));
  return { features, source: 'option' };
}

function ofTheGraph(inputs: readonly Input[]): Columns {
  const isNamed = inputs.length > 1 && inputs.every(({ columns }) => columns === 1);
  let number = 0;
  const features = inputs.flatMap((input) => {
    const { columns, name } = input;
    if (columns === null) {
      throw new InvalidVersionError(
        `the graph does not say how many columns its input "${name}" has; name them with --features FILE`,
      );
    }
    return Array.from({ length: columns }, () => ({
      name: isNamed || (inputs.length > 1 && columns === 1) ? name : `feature_${number++}`,
      type: typeOf({}, input),
      ...(inputs.length > 1 && { input: name }),
    }));
  });
  return { features, source: isNamed ? 'file' : 'assumed' };
}

type Placed = { feature: GivenFeature; input: Input }[];

/** Where each input is a column of its own and has a feature's name; skl2onnx writes _ for what is no letter or digit. */
function placedByName(inputs: readonly Input[], given: readonly GivenFeature[]): Placed | undefined {
  if (inputs.length === 1 || inputs.length !== given.length) return undefined;
  const placed = given.map((feature) => {
    const own = feature.input ?? feature.name;
    const input = inputs.find(({ name }) => name === own || name === own.replace(/[^A-Za-z0-9_]/g, '_'));
    return input && { feature, input };
  });
  const found = new Set(placed.map((one) => one?.input.name));
  return found.size === inputs.length && !found.has(undefined) ? (placed as Placed) : undefined;
}

function placedInOrder(inputs: readonly Input[], given: readonly GivenFeature[]): Placed {
  const open = inputs.filter(({ columns }) => columns === null);
  const known = inputs.reduce((sum, { columns }) => sum + (columns ?? 0), 0);
  const left = given.length - known;
  if (open.length > 1 || (open.length === 0 ? left !== 0 : left < 1)) {
    const takes = inputs.map(({ name, type, columns }) => `${name}: ${type} [rows, ${columns ?? '?'}]`).join('; ');
    throw new InvalidVersionError(
      `the features file names ${given.length} features but the graph takes ${open.length > 0 ? 'more' : known} columns (${takes})`,
    );
  }
  let next = 0;
  return inputs.flatMap((input) =>
    Array.from({ length: input.columns ?? left }, () => ({ feature: given[next++]!, input })),
  );
}

function typeOf({ values }: Partial<GivenFeature>, { type }: Pick<Input, 'type'>): FeatureType {
  if (type === 'string' || values !== undefined) return 'category';
  return type === 'bool' ? 'boolean' : 'number';
}
