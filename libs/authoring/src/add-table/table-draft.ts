import { type CommonFields, InvalidVersionError } from '#registry';
import type { Activation, TabularClassificationFields, TabularRegressionFields } from '#tasks';
import { identityOf, provenanceOf } from '../add/common-fields';
import { fact, type Fact } from '../add/facts';
import { checkLabels, numberedLabels, readLabelsFile } from '../add/labels';
import type { Unmapped } from '../add/zip-map';
import { columnsFor, type Columns } from './columns';
import { readFeaturesFile } from './features-file';
import { inspectTable, type TableFacts, type TabularTask } from './inspect-table';

/** What somebody says of a model of tables; all else is found out. */
export interface TableRequest {
  file: string;
  name: string;
  task?: TabularTask;
  /** Path of a file that names the features, or describes them. */
  features?: string;
  /** What is predicted. */
  target?: string;
  /** Of a regression. */
  unit?: string;
  /** See `ValueOutput`. */
  tolerance?: number;
  labels?: string;
  output?: string;
  activation?: 'auto' | Activation;
  description?: string;
  license?: string;
  source?: string;
}

export type TableManifest = CommonFields & (TabularClassificationFields | TabularRegressionFields);

/** A version as far as it is known. */
export interface TableDraft {
  manifest: TableManifest;
  facts: Fact[];
  warnings: string[];
  /** Only a run can tell which activation it is. */
  openActivation: boolean;
  /** Nobody knows how many classes there are. */
  openClasses: boolean;
  /** The graph gives one value for two classes. */
  isOneValue: boolean;
}

/** A row takes microseconds: one thread is enough for many, and thousands may wait. */
const RUNTIME = { workers: 1, threads: 1, maxBatch: 1024, maxQueue: 20_000 };

/** @throws InvalidVersionError */
export async function draftTable(
  { file, labels: mapped }: Unmapped,
  request: TableRequest & { version: number },
): Promise<TableDraft> {
  const facts = inspectTable(file.model, mapped, request);
  const given = request.features === undefined ? undefined : await readFeaturesFile(request.features, request.target);
  const columns = columnsFor(facts.inputs, given);
  const ownLabels = request.labels === undefined ? undefined : await readLabelsFile(request.labels);
  const { task } = facts;
  const draft =
    task === 'tabular-classification' ? classification(facts, request, ownLabels) : regression(facts, request);
  const manifest = {
    ...identityOf(file, request, task),
    provenance: provenanceOf(file, request),
    features: columns.features,
    ...(request.target !== undefined && { target: request.target }),
    ...draft.fields,
    runtime: RUNTIME,
  } as unknown as TableManifest;
  return {
    manifest,
    facts: [
      ...tableFacts(facts, columns, request),
      ...draft.facts,
      ...file.changes.map((one) => fact('changed', one, 'file')),
    ],
    warnings: [...columnWarnings(columns), ...draft.warnings],
    openActivation: draft.openActivation,
    openClasses: draft.openClasses,
    isOneValue: facts.output.width === 1,
  };
}

type Part = Omit<TableDraft, 'manifest' | 'isOneValue'> & { fields: object };

function classification(facts: TableFacts, request: TableRequest, own: string[] | undefined): Part {
  refuse(request, ['unit', 'tolerance'], 'a regression');
  const { output, votes } = facts;
  const classes = output.width === 1 ? 2 : output.width;
  if (own && classes !== null) checkLabels(own, classes);
  const found = facts.labels && (classes === null || facts.labels.length === classes) ? facts.labels : undefined;
  const labels = own ?? found ?? numberedLabels(classes ?? 2);
  const asked = request.activation ?? 'auto';
  const activation = asked === 'auto' ? 'none' : asked;
  const source = own ? 'option' : found ? 'file' : 'assumed';
  const warnings: string[] = [];
  if (source === 'assumed')
    warnings.push('no labels were given: answers will say class_0, class_1, …; give --labels FILE');
  if (votes) {
    warnings.push(
      'a support vector machine votes for its label, which is not always the class of the highest probability; answers go by the ' +
        'probability',
    );
  }
  return {
    fields: { output: { name: output.name, activation }, labels },
    facts: [
      fact('classes', classes === null ? '?' : String(classes), 'file'),
      fact('labels', labels.length <= 3 ? labels.join(', ') : `${labels.slice(0, 2).join(', ')}, …`, source),
    ].filter(({ value }) => value !== '?'),
    warnings,
    openActivation: asked === 'auto',
    openClasses: classes === null && !own,
  };
}

function regression({ output }: TableFacts, request: TableRequest): Part {
  const asked = request.activation === 'auto' ? undefined : request.activation;
  refuse({ ...request, activation: asked }, ['labels', 'activation'], 'a classification');
  const { unit, tolerance } = request;
  return {
    fields: {
      output: { name: output.name, ...(tolerance !== undefined && { tolerance }) },
      ...(unit !== undefined && { unit }),
    },
    facts: unit === undefined ? [] : [fact('unit', unit, 'option')],
    warnings: [],
    openActivation: false,
    openClasses: false,
  };
}

/** @throws InvalidVersionError */
function refuse(request: Partial<TableRequest>, options: readonly (keyof TableRequest)[], what: string): void {
  const wrong = options.find((option) => request[option] !== undefined);
  if (wrong) throw new InvalidVersionError(`--${wrong} is for ${what}`);
}

function tableFacts({ task, isAssumed, output }: TableFacts, columns: Columns, request: TableRequest): Fact[] {
  const names = columns.features.map(({ name }) => name);
  const shown = names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')}, …`;
  return [
    fact('task', task, request.task ? 'option' : isAssumed ? 'assumed' : 'file'),
    fact('features', `${names.length}: ${shown}`, columns.source),
    fact('output', output.name, request.output === undefined ? 'file' : 'option'),
  ];
}

function columnWarnings({ source }: Columns): string[] {
  if (source !== 'assumed') return [];
  return [
    'nobody named the features: they are called feature_0, feature_1, … in the order of the graph; give --features FILE',
  ];
}
