import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { InvalidVersionError } from '#registry';
import type { ClassifierManifest } from './classifier-manifest';
import { fact, type Fact } from './facts';
import { ONE_CLASS, type GraphFacts } from './inspect';
import { checkLabels, numberedLabels } from './labels';
import type { Preprocessing } from './preprocessing';
import type { TrialResult } from './trial';

/** What somebody says of a version; all else is found out. */
export interface VersionDescription {
  name: string;
  description?: string;
  license?: string;
  /** Where the file comes from; its name by default. */
  source?: string;
  /** `auto`, the default: softmax unless the outputs are probabilities already. */
  activation?: 'auto' | 'softmax' | 'none';
}

/** A version as far as it is known, and what is open until it has been tried out. */
export interface Draft {
  manifest: ClassifierManifest;
  labels: readonly string[];
  facts: Fact[];
  warnings: string[];
  labelsGiven: boolean;
  openClasses: boolean;
  openActivation: boolean;
  openBatch: boolean;
}

export function draftVersion(
  file: { path: string; bytes: Uint8Array },
  description: VersionDescription & { version: number },
  graph: GraphFacts,
  { input, facts, assumed }: Preprocessing,
  labels: readonly string[] | undefined,
): Draft {
  const { classes, name: output } = graph.output;
  if (labels && classes !== null) checkLabels(labels, classes);
  const sha256 = createHash('sha256').update(file.bytes).digest('hex');
  const activation = description.activation ?? 'auto';
  const isOpen = activation === 'auto' && graph.output.probabilities === null;
  const draft: Draft = {
    manifest: {
      schema: 1,
      name: description.name,
      version: description.version,
      ...(description.description !== undefined && { description: description.description }),
      ...(description.license !== undefined && { license: description.license }),
      task: 'image-classification',
      artifact: { file: 'model.onnx', sha256, bytes: file.bytes.length },
      input: { ...input, mean: [...input.mean], std: [...input.std] },
      // As long as it is open, the trial run must see the scores as they are.
      output: { name: output, activation: activation === 'softmax' ? 'softmax' : 'none' },
      labels: 'labels.txt',
      provenance: { source: description.source ?? basename(file.path), created: new Date().toISOString(), sha256 },
    },
    labels: labels ?? numberedLabels(classes ?? 1),
    facts: [...facts, fact('output', output, 'file')],
    warnings: [],
    labelsGiven: labels !== undefined,
    openClasses: classes === null,
    openActivation: isOpen,
    openBatch: graph.input.batch === null,
  };
  if (classes !== null) draft.facts.push(fact('classes', String(classes), 'file'));
  if (!isOpen) {
    const source = activation === 'auto' ? 'file' : 'option';
    draft.facts.push(activationFact(draft.manifest.output.activation, source));
  }
  draft.facts.push(fact('labels', labels ? 'as given' : 'class_0, class_1, …', labels ? 'option' : 'assumed'));
  if (!labels) draft.warnings.push('no labels were given: answers will say class_0, class_1, …; give --labels FILE');
  if (assumed !== null) {
    draft.warnings.push(
      `nobody said how images must be prepared: "${assumed}" was taken because it is likely. Wrong preparation costs ` +
        'accuracy without any error; give --preset or measure with `eyrie evaluate`',
    );
  }
  return draft;
}

/** The draft as it is after a trial run. One that has changed in what is served has to be tried out in turn. */
export interface RevisedDraft {
  draft: Draft;
  tryAgain: boolean;
}

/** @throws InvalidVersionError when the version cannot be served */
export function reviseDraft(draft: Draft, result: TrialResult): RevisedDraft {
  switch (result.outcome) {
    case 'other-classes':
      return { draft: withClasses(draft, result.classes), tryAgain: true };
    case 'does-not-run':
      return { draft: oneByOne(draft, result.detail), tryAgain: true };
    case 'answers':
      return withAnswers(draft, result.scores);
  }
}

function withClasses(draft: Draft, classes: number): Draft {
  if (draft.labelsGiven) checkLabels(draft.labels, classes);
  if (!draft.openClasses) {
    throw new InvalidVersionError(
      `the graph says that it has ${draft.labels.length} classes, but it answers with ${classes}; export it again`,
    );
  }
  const facts = [...draft.facts, fact('classes', String(classes), 'trial run')];
  return { ...draft, openClasses: false, labels: numberedLabels(classes), facts };
}

function oneByOne(draft: Draft, detail: string): Draft {
  if (!draft.openBatch) throw new InvalidVersionError(detail);
  const facts = draft.facts.map((known) => (known.what === 'batch' ? fact('batch', 'one image', 'trial run') : known));
  return {
    ...draft,
    openBatch: false,
    manifest: { ...draft.manifest, runtime: { maxBatch: 1 } },
    facts,
    warnings: [...draft.warnings, 'the graph says that it takes batches but fails on them: images will run one by one'],
  };
}

function withAnswers(draft: Draft, scores: number[][]): RevisedDraft {
  const classes = draft.labels.length;
  if (classes < 2) throw new InvalidVersionError(ONE_CLASS);
  const known = draft.openClasses ? [fact('classes', String(classes), 'trial run')] : [];
  const proven = { ...draft, openClasses: false, facts: [...draft.facts, ...known] };
  return draft.openActivation ? withActivation(proven, scores) : { draft: withDoubts(proven, scores), tryAgain: false };
}

function withActivation(draft: Draft, scores: number[][]): RevisedDraft {
  const activation = scores.every(addUpToOne) ? 'none' : 'softmax';
  const { manifest, facts } = draft;
  return {
    draft: {
      ...draft,
      openActivation: false,
      manifest: { ...manifest, output: { ...manifest.output, activation } },
      facts: [...facts, activationFact(activation, 'trial run')],
    },
    tryAgain: activation !== manifest.output.activation,
  };
}

function withDoubts(draft: Draft, scores: number[][]): Draft {
  if (draft.manifest.output.activation === 'softmax' || scores.every(addUpToOne)) return draft;
  const doubt = 'without an activation the scores do not add up to 1: confidences will be no probabilities';
  return { ...draft, warnings: [...draft.warnings, doubt] };
}

/** float16 and int8 are coarse. */
const TOLERANCE = 0.02;

function addUpToOne(scores: readonly number[]): boolean {
  const sum = scores.reduce((total, score) => total + score, 0);
  return Math.abs(sum - 1) <= TOLERANCE && scores.every((score) => score >= -TOLERANCE && score <= 1 + TOLERANCE);
}

function activationFact(activation: 'softmax' | 'none', source: Fact['source']): Fact {
  return fact('activation', activation === 'none' ? 'none: scores are used as they are' : 'softmax', source);
}
