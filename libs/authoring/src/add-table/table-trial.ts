import { deadlineIn, EyrieError } from '#core';
import { LoadFailedError, type PredictorFactory, WorkerLostError } from '#inference';
import { InvalidVersionError, type LoadedVersion } from '#registry';
import {
  type Activation,
  type Cell,
  type FeatureSpec,
  scoreKind,
  type TabularClassificationFields,
  TabularClassifier,
  type TableClasses,
  type TabularRegressor,
} from '#tasks';
import { fact } from '../add/facts';
import { numberedLabels } from '../add/labels';
import type { Staging } from '../add/staging';
import { withLoaded } from '../add/trial';
import type { TableDraft } from './table-draft';

export interface TableTrialOptions {
  predictors: PredictorFactory;
  signal?: AbortSignal;
  onStep?: (step: string) => void;
}

type TrialResult =
  /** Scores of the classes for each row that the graph takes; nothing of a regression. */
  | { outcome: 'answers'; scores: number[][] }
  /** It gives another number of scores than there are labels. */
  | { outcome: 'other-classes'; classes: number };

const TIME_LIMIT_MS = 60_000;
/** Of a few magnitudes, so that logits show that only now and then lie in 0..1. */
const SCALES = [0, 1, -1, 2, 3, -3, 10, 100];

/**
 * Loads the draft in a worker, as serving would, asks it some rows, and corrects it until it is right: what is on the disk then is what
 * has been tried out.
 * @throws InvalidVersionError when it cannot be served; the signal's reason
 */
export async function proveTable(
  draft: TableDraft,
  staging: Pick<Staging, 'folder' | 'write'>,
  options: TableTrialOptions,
): Promise<TableDraft> {
  for (;;) {
    await staging.write('model.json', `${JSON.stringify(draft.manifest, null, 2)}\n`);
    options.signal?.throwIfAborted();
    options.onStep?.('trying it out in a worker');
    const result = await tryOnce(draft, staging.folder, options);
    if (result.outcome === 'other-classes') {
      draft = withClasses(draft, result.classes);
    } else {
      if (!draft.openActivation) return draft;
      draft = withActivation(draft, result.scores);
      // What has been tried out is just that.
      if (activationOf(draft) === 'none') return draft;
    }
  }
}

async function tryOnce(draft: TableDraft, folder: string, options: TableTrialOptions): Promise<TrialResult> {
  const { predictors, signal } = options;
  try {
    const scores = await withLoaded(folder, draft.manifest, predictors, signal, (loaded) =>
      askRows(draft, loaded, signal),
    );
    return { outcome: 'answers', scores };
  } catch (error) {
    if (signal?.aborted) throw error;
    if (error instanceof LoadFailedError && error.fault.kind === 'other-classes' && draft.openClasses) {
      return { outcome: 'other-classes', classes: error.fault.classes };
    }
    if (error instanceof EyrieError || error instanceof LoadFailedError || error instanceof WorkerLostError) {
      throw new InvalidVersionError(error.message, { cause: error });
    }
    throw error;
  }
}

/** @throws EyrieError when the graph takes no row, or not one that leaves out what may be left out */
async function askRows({ manifest }: TableDraft, loaded: LoadedVersion, signal?: AbortSignal): Promise<number[][]> {
  const { features } = manifest;
  const scores: number[][] = [];
  let failure: unknown;
  for (const scale of SCALES) {
    try {
      scores.push(await ask(loaded, rowOf(features, scale), signal));
    } catch (error) {
      // Texts that are no categories of the graph may be refused by it.
      failure = error;
    }
  }
  if (scores.length === 0) throw failure;
  if (features.some(isOptional)) {
    const row = rowOf(features, 1).map((cell, i) => (isOptional(features[i]!) ? null : cell));
    await ask(loaded, row, signal);
  }
  return scores;
}

/** @returns the scores of the classes; of a regression nothing */
async function ask(loaded: LoadedVersion, values: Cell[], signal?: AbortSignal): Promise<number[]> {
  const rows = [{ values, path: 'features' }];
  const { task } = loaded;
  const deadline = deadlineIn(TIME_LIMIT_MS);
  if (task instanceof TabularClassifier) {
    const input = await task.input(rows, task.labels.length);
    const { output } = await loaded.predict({ ...input, deadline, signal });
    const classes = task.classesOf(output as TableClasses, 0);
    return [...classes].sort((a, b) => a.class_id - b.class_id).map(({ confidence }) => confidence);
  }
  await loaded.predict({ ...(await (task as TabularRegressor).input(rows)), deadline, signal });
  return [];
}

function rowOf(features: readonly FeatureSpec[], scale: number): Cell[] {
  return features.map(({ type, values, default: usual }, i) => {
    if (type === 'category') return values?.[i % values.length] ?? (usual as string | undefined) ?? '';
    if (type === 'boolean') return (i + scale) % 2 === 0;
    // Whole, as it may have to be.
    return scale * ((i % 3) - 1 || 1);
  });
}

function isOptional({ required = true }: FeatureSpec): boolean {
  return !required;
}

function activationOf({ manifest }: TableDraft): Activation {
  return (manifest as TabularClassificationFields).output.activation;
}

/** @throws InvalidVersionError */
function withClasses(draft: TableDraft, given: number): TableDraft {
  const classes = given === 1 ? 2 : given;
  const manifest = { ...draft.manifest, labels: numberedLabels(classes) };
  return {
    ...draft,
    manifest,
    openClasses: false,
    facts: [...draft.facts, fact('classes', String(classes), 'trial run')],
  };
}

function withActivation(draft: TableDraft, scores: readonly number[][]): TableDraft {
  const kind = scoreKind(scores);
  const activation = kind !== 'logits' ? 'none' : draft.isOneValue ? 'sigmoid' : 'softmax';
  const { output } = draft.manifest as TabularClassificationFields;
  const doubt =
    kind === 'logits'
      ? `the scores are no probabilities: a ${activation} makes them add up to 1, and they are as good as the model is calibrated`
      : kind === 'independent'
        ? 'the scores lie in 0..1 and do not add up to 1: each is a confidence of its own'
        : undefined;
  return {
    ...draft,
    openActivation: false,
    openClasses: false,
    manifest: { ...draft.manifest, output: { ...output, activation } },
    facts: [
      ...draft.facts,
      fact('activation', activation === 'none' ? 'none: they are probabilities' : activation, 'trial run'),
    ],
    warnings: doubt === undefined ? draft.warnings : [...draft.warnings, doubt],
  };
}
