import { InvalidVersionError } from '#registry';
import { type Activation, DEFAULT_THRESHOLD } from '#tasks';
import type { ClassifierManifest } from './classifier-manifest';
import { identityOf, provenanceOf } from './common-fields';
import { fact, type Fact } from './facts';
import type { GraphFacts } from './inspect';
import { checkLabels, type Labels, numberedLabels } from './labels';
import type { ModelFile } from './model-file';
import type { Preprocessing } from './preprocessing';

/** What somebody says of a version; all else is found out. */
export interface VersionDescription {
  name: string;
  description?: string;
  license?: string;
  /** Where the file comes from; its name by default. */
  source?: string;
  /** `auto`, the default: what the graph lacks to give probabilities. */
  activation?: 'auto' | Activation;
  /** Any number of classes may be right for an image, none among them. */
  multiLabel?: boolean;
  /** From which score on a class of a multi-label model is named. */
  threshold?: number;
}

/** A version as far as it is known, and what is open until it has been tried out. */
export interface Draft {
  manifest: ClassifierManifest;
  labels: readonly string[];
  facts: Fact[];
  warnings: string[];
  labelsGiven: boolean;
  multiLabel: boolean;
  /** Of a multi-label model. */
  threshold: number;
  /** Somebody has said which activation it is. */
  activationGiven: boolean;
  /** Scores that happen to lie in 0..1 are logits all the same. */
  isProduct: boolean;
  openClasses: boolean;
  openActivation: boolean;
  openBatch: boolean;
}

export function draftVersion(
  file: ModelFile,
  description: VersionDescription & { version: number },
  graph: GraphFacts,
  { input, facts, preset, isAssumed }: Preprocessing,
  given: Labels | undefined,
): Draft {
  const { classes, name: output } = graph.output;
  const { multiLabel = false, threshold } = description;
  if (threshold !== undefined && !multiLabel) throw new InvalidVersionError('--threshold is for --multi-label');
  const wanted = labelsFor(classes, multiLabel);
  if (given && wanted !== null) checkLabels(given.labels, wanted);
  const activation = chooseActivation(description, graph.output);
  const activationGiven = (description.activation ?? 'auto') !== 'auto';
  const draft: Draft = {
    manifest: manifestOf(file, description, graph, input, activation),
    labels: given?.labels ?? numberedLabels(wanted ?? 1),
    facts: [...facts, fact('output', output, 'file')],
    warnings: [],
    labelsGiven: given !== undefined,
    multiLabel,
    threshold: threshold ?? DEFAULT_THRESHOLD,
    activationGiven,
    isProduct: graph.output.isProduct === true,
    openClasses: classes === null,
    openActivation: activation === undefined,
    openBatch: graph.input.batch === null,
  };
  if (classes !== null) draft.facts.push(classesFact(classes, multiLabel, 'file'));
  if (activation) {
    draft.facts.push(activationFact(activation, graph.output.end, activationGiven ? 'option' : 'file'));
  }
  draft.facts.push(fact('labels', given?.shown ?? 'class_0, class_1, …', given?.source ?? 'assumed'));
  for (const change of file.changes) draft.facts.push(fact('changed', change, 'file'));
  draft.warnings.push(...warningsOf(draft, graph, given, isAssumed ? preset : undefined));
  return draft;
}

function manifestOf(
  file: ModelFile,
  description: VersionDescription & { version: number },
  { output: { name: output, quantization } }: GraphFacts,
  input: Preprocessing['input'],
  activation: Activation | undefined,
): ClassifierManifest {
  const { multiLabel = false, threshold = DEFAULT_THRESHOLD } = description;
  return {
    ...identityOf(file, description, 'image-classification'),
    input: input as ClassifierManifest['input'],
    output: {
      name: output,
      // As long as it is open, the trial run must see the scores as they are.
      activation: activation ?? 'none',
      ...(quantization && { quantization }),
      // Only then are all scores answered.
      ...(activation && multiLabel && { multi_label: true, threshold }),
    },
    labels: 'labels.txt',
    provenance: provenanceOf(file, description),
  };
}

function warningsOf(
  { multiLabel }: Draft,
  { output }: GraphFacts,
  given: Labels | undefined,
  assumed: string | undefined,
): string[] {
  const warnings: string[] = [];
  if (!given) warnings.push('no labels were given: answers will say class_0, class_1, …; give --labels FILE');
  if (given?.source === 'assumed')
    warnings.push(`nobody gave labels: ${given.shown} were taken; give --labels FILE if they are others`);
  if (assumed !== undefined) {
    warnings.push(
      `nobody said how images must be prepared: "${assumed}" was taken because it is likely. Wrong preparation costs ` +
        'accuracy without any error; see what each would answer with --try PHOTO, give --preset, or measure with `eyrie evaluate`',
    );
  }
  if (output.end === 'sigmoid' && output.classes !== 1 && !multiLabel) {
    warnings.push(
      'the graph ends in a Sigmoid: each class has a confidence of its own, and they do not add up to 1. Where several classes, or ' +
        'none, may be right for an image, give --multi-label',
    );
  }
  return warnings;
}

/** One value is for two classes, a no and a yes; unless any number of labels may be right, and there is one. */
function labelsFor(classes: number | null, multiLabel: boolean): number | null {
  return classes === 1 && !multiLabel ? 2 : classes;
}

/** @returns undefined where only a run can tell @throws InvalidVersionError when what was said contradicts the graph */
function chooseActivation(
  { activation = 'auto', multiLabel }: VersionDescription,
  { end, spoilt }: GraphFacts['output'],
): Activation | undefined {
  if (multiLabel && (activation === 'softmax' || end === 'softmax' || end === 'log-softmax')) {
    throw new InvalidVersionError('--multi-label does not go with softmax, of which one class alone can be right');
  }
  if (activation !== 'auto') return activation;
  if (spoilt !== undefined) throw new InvalidVersionError(`${spoilt}; or say with --activation how it is to be taken`);
  if (end === null) return undefined;
  // Softmax of a softmax's logarithm is that softmax.
  return end === 'log-softmax' ? 'softmax' : 'none';
}

export function classesFact(classes: number, multiLabel: boolean, source: Fact['source']): Fact {
  return fact('classes', classes === 1 && !multiLabel ? '2, by one value: a no and a yes' : String(classes), source);
}

export function activationFact(activation: Activation, end: GraphFacts['output']['end'], source: Fact['source']): Fact {
  const said = end === null ? '' : `; the graph ends in ${end}`;
  return fact(
    'activation',
    activation === 'none' ? `none: scores are used as they are${said}` : activation + said,
    source,
  );
}
