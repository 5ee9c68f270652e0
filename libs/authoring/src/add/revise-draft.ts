import { InvalidVersionError } from '#registry';
import { type Activation, scoreKind, type ScoreKind } from '#tasks';
import { activationFact, classesFact, type Draft } from './draft';
import { fact } from './facts';
import { checkLabels, numberedLabels } from './labels';
import type { TrialResult } from './trial';

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
      if (!draft.openBatch) throw new InvalidVersionError(result.detail);
      return oneByOne(draft, 'the graph says that it takes batches but fails on them: images will run one by one');
    case 'answers':
      if (result.oneByOne !== undefined) return oneByOne(draft, `${result.oneByOne}: images will run one by one`);
      return withAnswers(draft, result.scores);
  }
}

function withClasses(draft: Draft, classes: number): Draft {
  const { multiLabel, manifest } = draft;
  if (classes === 1 && !multiLabel && manifest.output.activation === 'softmax') return asYesOrNo(draft);
  const wanted = classes === 1 && !multiLabel ? 2 : classes;
  if (draft.labelsGiven) checkLabels(draft.labels, wanted);
  if (!draft.openClasses) {
    throw new InvalidVersionError(
      `the graph says that it has ${draft.labels.length} classes, but it answers with ${classes}; export it again`,
    );
  }
  const facts = [...draft.facts, classesFact(classes, multiLabel, 'trial run')];
  return { ...draft, openClasses: false, labels: numberedLabels(wanted), facts };
}

/** What were taken for two scores is one: logits they have been found to be already. */
function asYesOrNo(draft: Draft): Draft {
  const { manifest, labels, facts, activationGiven } = draft;
  if (activationGiven) throw new InvalidVersionError(ONE_OF_ONE);
  checkLabels(labels, 2);
  const known = facts.filter(({ what }) => what !== 'classes' && what !== 'activation');
  return {
    ...draft,
    openClasses: false,
    manifest: { ...manifest, output: { ...manifest.output, activation: 'sigmoid' } },
    facts: [...known, classesFact(1, false, 'trial run'), activationFact('sigmoid', null, 'trial run')],
  };
}

function oneByOne(draft: Draft, warning: string): RevisedDraft {
  const facts = draft.facts.map((known) => (known.what === 'batch' ? fact('batch', 'one image', 'trial run') : known));
  const manifest = { ...draft.manifest, runtime: { maxBatch: 1 } };
  return {
    draft: { ...draft, openBatch: false, manifest, facts, warnings: [...draft.warnings, warning] },
    tryAgain: true,
  };
}

function withAnswers(draft: Draft, scores: number[][]): RevisedDraft {
  const { multiLabel, openClasses, openActivation } = draft;
  // The one label that stood in for those of a graph that does not say how many classes it has.
  if (openClasses && draft.labels.length === 1 && !multiLabel) return { draft: withClasses(draft, 1), tryAgain: true };
  const known = openClasses ? [classesFact(draft.labels.length, multiLabel, 'trial run')] : [];
  const proven = { ...draft, openClasses: false, facts: [...draft.facts, ...known] };
  // Not all scores are seen of what has been told already to answer a part of them.
  if (draft.manifest.output.activation === 'softmax' || draft.manifest.output.multi_label) {
    return { draft: proven, tryAgain: false };
  }
  const found = scoreKind(scores);
  const kind = found === 'independent' && draft.isProduct ? 'logits' : found;
  refuseConstant(scores, kind);
  if (openActivation) refuseShares(scores);
  return openActivation ? withActivation(proven, kind) : { draft: withDoubts(proven, kind), tryAgain: false };
}

const ONE_OF_ONE =
  'its output has one value per image, of which a softmax is always 1; export the model without it, or with a Sigmoid in its place';

/** A Softmax over a dimension of which there is one. @throws InvalidVersionError */
function refuseConstant(scores: readonly number[][], kind: ScoreKind): void {
  if (kind === 'ones') {
    throw new InvalidVersionError(
      'each class of every image gets the score 1: its Softmax runs over another dimension than that of the classes; export it ' +
        'with one over the classes (dim=1 in PyTorch), or without',
    );
  }
  if (scores.every(([no, yes, ...more]) => more.length === 0 && no === 0 && yes === 1)) {
    throw new InvalidVersionError(ONE_OF_ONE);
  }
}

/** Percentages, or sums of several softmaxes: neither probabilities nor logits. @throws InvalidVersionError */
function refuseShares(scores: readonly number[][]): void {
  const sums = scores.map((row) => row.reduce((sum, score) => sum + score, 0));
  const [total = 0] = sums;
  const isSame = total > 1.02 && sums.every((sum) => Math.abs(sum - total) <= total * 1e-3);
  const differ = scores.some((row) => row.some((score, i) => Math.abs(score - scores[0]![i]!) > total * 1e-3));
  if (!isSame || !differ || scores.some((row) => row.length < 2 || row.some((score) => score < 0))) return;
  throw new InvalidVersionError(
    `the scores of each image add up to ${Number(total.toPrecision(3))}: they are shares of that, and neither probabilities nor ` +
      'logits; export the model with probabilities that add up to 1, or say with --activation how they are to be taken',
  );
}

function withActivation(draft: Draft, kind: ScoreKind): RevisedDraft {
  const { manifest, multiLabel, facts } = draft;
  const activation = activationFor(draft, kind);
  const isSame = activation === manifest.output.activation && !multiLabel;
  const output = {
    ...manifest.output,
    activation,
    ...(multiLabel && { multi_label: true, threshold: draft.threshold }),
  };
  const found = {
    ...draft,
    openActivation: false,
    manifest: { ...manifest, output },
    facts: [...facts, activationFact(activation, null, 'trial run')],
  };
  return { draft: isSame ? withDoubts(found, kind) : found, tryAgain: !isSame };
}

function activationFor({ labels, multiLabel, facts }: Draft, kind: ScoreKind): Activation {
  if (kind !== 'logits') return 'none';
  const isYesOrNo =
    labels.length === 2 && facts.some(({ what, value }) => what === 'classes' && value.startsWith('2,'));
  return multiLabel || isYesOrNo ? 'sigmoid' : 'softmax';
}

function withDoubts(draft: Draft, kind: ScoreKind): Draft {
  if (kind === 'probabilities' || draft.warnings.some((known) => known.includes('do not add up to 1'))) return draft;
  const doubt =
    kind === 'independent'
      ? 'the scores lie in 0..1 and do not add up to 1, so each is taken for a confidence of its own. Where several classes, or none, ' +
        'may be right for an image, give --multi-label; if they are logits after all, --activation softmax'
      : 'without an activation the scores do not add up to 1: confidences will be no probabilities';
  return { ...draft, warnings: [...draft.warnings, doubt] };
}
