import type { OnnxModel, OnnxValue } from '#onnx';
import { InvalidVersionError } from '#registry';
import { endOf, type GraphEnd } from '../add/activation';
import { describe, sizesOf, typeOf } from '../add/describe-value';
import { originOf } from '../add/trace';
import { classLabels } from './class-labels';

export const TABULAR_TASKS = ['tabular-classification', 'tabular-regression'] as const;
export type TabularTask = (typeof TABULAR_TASKS)[number];

/** What a graph of a table says of itself. */
export interface TableFacts {
  task: TabularTask;
  /** Nobody has said which of the two it is, and the graph does not tell for sure. */
  isAssumed: boolean;
  /** `columns` is null where the graph leaves it open. */
  inputs: { name: string; type: string; columns: number | null }[];
  output: {
    name: string;
    /** Numbers for each row; null where the graph leaves it open. */
    width: number | null;
    end: GraphEnd | null;
  };
  labels: string[] | undefined;
  /** The graph has a vote for the label that need not be the most probable class. */
  votes: boolean;
}

export interface TableChoice {
  task?: TabularTask;
  output?: string;
  /** Path of a file with labels. */
  labels?: string;
}

const FLOATS = new Set<string | undefined>(['float32', 'float64', 'float16']);
const COLUMN_TYPES = new Set<string | undefined>(['float32', 'float64', 'int64', 'int32', 'bool', 'string']);
/** What scikit-learn's exporter makes, and XGBoost's and LightGBM's, where there are several outputs of numbers. */
const USUAL_SCORES = ['probabilities', 'output_probability', 'probability'];

/** Whether all that goes into a graph is rows and columns. */
export function looksLikeTable(model: OnnxModel): boolean {
  const inputs = inputsOf(model);
  return (
    inputs.length > 0 &&
    inputs.every((input) => {
      const rank = sizesOf(input)?.length;
      return (rank === 1 || rank === 2) && COLUMN_TYPES.has(typeOf(input));
    })
  );
}

/** @param mapped classes of a ZipMap that has been left out @throws InvalidVersionError */
export function inspectTable(model: OnnxModel, mapped: string[] | undefined, choice: TableChoice): TableFacts {
  const output = chooseOutput(model, choice.output);
  const width = widthOf(output);
  const labels = mapped ?? classLabels(model);
  const { task, isAssumed } = taskOf(model, output, width, labels, choice);
  if (task === 'tabular-regression' && width !== null && width > 1) {
    throw new InvalidVersionError(
      `the output is ${describe(output)}: ${width} values for each row, and a regression answers one; export a model for each of ` +
        'them, or serve it as a graph of tensors ("task": "tensor")',
    );
  }
  const inputs = inputsOf(model).map((input) => ({
    name: input.name,
    type: typeOf(input) ?? '',
    columns: columnsOf(input),
  }));
  const votes = model.graph.node.some(({ opType }) => opType === 'SVMClassifier');
  return {
    task,
    isAssumed,
    inputs,
    output: { name: output.name, width, end: endOf(model, output.name) },
    labels,
    votes,
  };
}

function inputsOf({ graph }: OnnxModel): OnnxValue[] {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  return graph.input.filter(({ name }) => !weights.has(name));
}

/** @throws InvalidVersionError */
function columnsOf(input: OnnxValue): number | null {
  const sizes = sizesOf(input);
  if (!sizes || sizes.length > 2 || sizes.length === 0 || !COLUMN_TYPES.has(typeOf(input))) {
    throw new InvalidVersionError(
      `the input is ${describe(input)} but a table is [rows, columns] of ${[...COLUMN_TYPES].join(', ')}; export the model with such inputs`,
    );
  }
  return sizes.length === 1 ? 1 : sizes[1]!;
}

/** The one that is named, or the only one that holds numbers for each row. */
function chooseOutput({ graph }: OnnxModel, name: string | undefined): OnnxValue {
  const all = graph.output.map(describe).join('; ');
  if (name !== undefined) {
    const named = graph.output.find((output) => output.name === name);
    if (!named) throw new InvalidVersionError(`the graph has no output "${name}"; it has ${all}`);
    if (!FLOATS.has(typeOf(named)))
      throw new InvalidVersionError(`the output is ${describe(named)}, which holds no numbers`);
    return named;
  }
  const possible = graph.output.filter((output) => FLOATS.has(typeOf(output)) && (sizesOf(output)?.length ?? 2) <= 2);
  const [only, ...others] = possible;
  if (only && others.length === 0) return only;
  const usual = possible.find((output) => USUAL_SCORES.includes(output.name));
  if (usual) return usual;
  if (!only) {
    throw new InvalidVersionError(
      `none of the outputs (${all}) holds a number for each row or class; export a classifier with its probabilities, not with its ` +
        'label alone',
    );
  }
  if (possible.every((output) => sizesOf(output)?.length === 1)) {
    throw new InvalidVersionError(
      `the graph has an output for each class (${all}), as skl2onnx makes them with zipmap='columns'; export it with ` +
        "options={'zipmap': False}",
    );
  }
  throw new InvalidVersionError(
    `the graph has several outputs (${all}); say with --output NAME which one holds the answer`,
  );
}

function widthOf(output: OnnxValue): number | null {
  const sizes = sizesOf(output);
  return sizes?.length === 1 ? 1 : (sizes?.[1] ?? null);
}

function taskOf(
  model: OnnxModel,
  output: OnnxValue,
  width: number | null,
  labels: string[] | undefined,
  choice: TableChoice,
): { task: TabularTask; isAssumed: boolean } {
  if (choice.task) return { task: choice.task, isAssumed: false };
  const sure = (task: TabularTask) => ({ task, isAssumed: false });
  const maker = originOf(model, output.name).maker?.opType ?? '';
  const namesClasses = labels !== undefined || maker.endsWith('Classifier');
  const hasLabel = model.graph.output.some((value) => ['int64', 'string'].includes(typeOf(value) ?? ''));
  if (namesClasses || hasLabel || endOf(model, output.name) !== null) return sure('tabular-classification');
  if (maker.endsWith('Regressor')) return sure('tabular-regression');
  if (choice.labels !== undefined) return sure('tabular-classification');
  return { task: width === 1 ? 'tabular-regression' : 'tabular-classification', isAssumed: true };
}
