import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deadlineIn, EyrieError } from '#core';
import { InvalidVersionError, type LoadedVersion } from '#registry';
import { classify } from '#tasks';
import { type AddOptions, prove } from './add-version';
import type { Draft } from './draft';
import { draftFor, type DraftRequest, type Found } from './draft-for';
import { PRESETS, type PresetName } from './presets';
import { withLoaded } from './trial';

/** What a version with one preparation of images says of some pictures, in their order. */
export interface TriedPreparation {
  /** What would be chosen without a preset, or as it was asked for; then the name of each preset. */
  preparation: string;
  answers: ({ label: string; confidence: number } | { problem: string })[];
  /** Of the best classes, 0..1. A wrong preparation is, as a rule, less sure of itself; not always. */
  meanConfidence: number;
}

const TIME_LIMIT_MS = 120_000;

/**
 * Has a model look at pictures in every preparation that there is a name for, so that somebody who knows what is in them sees which one
 * it was trained with. Nothing is written to a registry.
 * @param photos paths of image files
 * @throws as `addVersion`
 */
export async function tryPreparations(
  request: DraftRequest,
  photos: readonly string[],
  options: AddOptions,
): Promise<TriedPreparation[]> {
  const images = await Promise.all(photos.map(readPhoto));
  options.onStep?.(`reading ${request.file}`);
  const found = await draftFor({ ...request, version: 1 });
  const root = await mkdtemp(join(tmpdir(), 'eyrie-try-'));
  try {
    const staging = {
      folder: root,
      write: (file: string, content: string | Uint8Array) => writeFile(join(root, file), content),
    };
    await staging.write('model.onnx', found.bytes);
    const draft = await prove(found.draft, staging, request.file, options);
    const tried: TriedPreparation[] = [];
    for (const { preparation, input } of candidates(request, draft, found)) {
      options.onStep?.(`trying ${preparation}`);
      const manifest = { ...draft.manifest, input };
      await staging.write('model.json', JSON.stringify(manifest));
      const answers = await withLoaded(root, manifest, options.predictors, options.signal, (loaded) =>
        Promise.all(images.map((image) => best(loaded, image, options.signal))),
      );
      tried.push({ preparation, answers, meanConfidence: meanOf(answers) });
    }
    return tried;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** What would be taken, and all presets that give another input. */
function candidates(request: DraftRequest, draft: Draft, found: Found) {
  const chosen = request.preset ?? 'as it would be added';
  const all = [{ preparation: chosen as string, input: draft.manifest.input }];
  const seen = new Set([JSON.stringify(draft.manifest.input)]);
  for (const preset of Object.keys(PRESETS) as PresetName[]) {
    const { width, height } = draft.manifest.input;
    const own = { preset, inputSize: { width, height }, kernel: request.kernel };
    const input = inputOf(() => found.prepared(own).input);
    if (input && !seen.has(JSON.stringify(input)))
      all.push({ preparation: preset, input: input as Draft['manifest']['input'] });
    if (input) seen.add(JSON.stringify(input));
  }
  return all;
}

/** A preset that contradicts the graph is none of the candidates. */
function inputOf<T>(prepare: () => T): T | undefined {
  try {
    return prepare();
  } catch (error) {
    if (error instanceof InvalidVersionError) return undefined;
    throw error;
  }
}

async function best(
  version: LoadedVersion,
  image: Uint8Array,
  signal?: AbortSignal,
): Promise<TriedPreparation['answers'][number]> {
  try {
    const { output } = await classify(version, image, { topK: 1, deadline: deadlineIn(TIME_LIMIT_MS), signal });
    const [first] = output;
    return first ? { label: first.label, confidence: first.confidence } : { problem: 'no class' };
  } catch (error) {
    if (!(error instanceof EyrieError)) throw error;
    return { problem: error.message };
  }
}

async function readPhoto(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: Error) => {
    throw new InvalidVersionError(`cannot read the picture ${path}: ${error.message}`);
  });
}

function meanOf(answers: TriedPreparation['answers']): number {
  const confidences = answers.map((answer) => ('confidence' in answer ? answer.confidence : 0));
  return confidences.reduce((sum, confidence) => sum + confidence, 0) / Math.max(1, confidences.length);
}
