import { EyrieError, deadlineIn } from '#core';
import { LoadFailedError, type PredictorFactory, WorkerLostError } from '#inference';
import { type CommonFields, InvalidVersionError, type LoadedVersion, loadVersion } from '#registry';
import { classify, imageClassifierOf } from '#tasks';
import type { ClassifierManifest } from './classifier-manifest';
import { type Noise, noisePng } from './noise';

/** What a trial run of a version has shown. */
export type TrialResult =
  /** It loads and answers: per image all scores in the order of the classes, or the best where a softmax makes them add up anyway. */
  | { outcome: 'answers'; scores: number[][]; oneByOne?: string }
  /** It runs, but gives another number of scores than there are labels. */
  | { outcome: 'other-classes'; classes: number }
  /** It loads but does not run on the batches it says it takes. */
  | { outcome: 'does-not-run'; detail: string };

const TIME_LIMIT_MS = 120_000;
/** More than one, so that a batch dimension that only looks free shows. */
const MAX_BATCH = 4;
const LOUD: Noise = { from: 0, range: 256 };
const FAINT: Noise = { from: 112, range: 32 };
const BRIGHT: Noise = { from: 192, range: 64 };
/** Loud, faint and of several colours, so that logits show that only now and then lie in 0..1. */
const NOISES: readonly (readonly [Noise, Noise, Noise])[] = [
  [LOUD, LOUD, LOUD],
  [FAINT, FAINT, FAINT],
  [BRIGHT, FAINT, FAINT],
  [FAINT, BRIGHT, FAINT],
  [FAINT, FAINT, BRIGHT],
];

/**
 * Loads the version in a worker, as serving would, and has it classify noise.
 * @throws InvalidVersionError when no correction of the manifest can help; the signal's reason when it aborts
 */
export async function tryOut(
  folder: string,
  manifest: ClassifierManifest,
  predictors: PredictorFactory,
  signal?: AbortSignal,
): Promise<TrialResult> {
  try {
    return await withLoaded(folder, manifest, predictors, signal, async (loaded) => ({
      outcome: 'answers',
      scores: await classifyNoise(loaded, manifest, signal),
      oneByOne: loaded.predictor.oneByOne,
    }));
  } catch (error) {
    if (signal?.aborted) throw error;
    return explain(error);
  }
}

/** Loads a version for as long as `use` takes. @throws what loading and `use` throw; the signal's reason when it aborts */
export async function withLoaded<T>(
  folder: string,
  manifest: CommonFields,
  predictors: PredictorFactory,
  signal: AbortSignal | undefined,
  use: (loaded: LoadedVersion) => Promise<T>,
): Promise<T> {
  const runtime = { workers: 1, threads: 1, maxBatch: manifest.runtime?.maxBatch ?? MAX_BATCH };
  const loading = loadVersion(folder, manifest.name, manifest.version, { predictors, runtime });
  let loaded: LoadedVersion;
  try {
    loaded = await unlessAborted(loading, signal);
  } catch (error) {
    // The worker cannot be reached before it has loaded.
    if (signal?.aborted) void loading.then((late) => late.stop(0)).catch(() => undefined);
    throw error;
  }
  try {
    return await use(loaded);
  } finally {
    await loaded.stop(0);
  }
}

async function classifyNoise(
  version: LoadedVersion,
  { input, output }: ClassifierManifest,
  signal?: AbortSignal,
): Promise<number[][]> {
  const topK = output.activation === 'softmax' ? 1 : imageClassifierOf(version).labels.length;
  const images = NOISES.map((channels) => noisePng(input.width, input.height, channels));
  const deadline = deadlineIn(TIME_LIMIT_MS);
  const answers = await Promise.all(images.map((image) => classify(version, image, { topK, deadline, signal })));
  return answers.map((answer) =>
    [...answer.output].sort((a, b) => a.class_id - b.class_id).map(({ confidence }) => confidence),
  );
}

function explain(error: unknown): TrialResult {
  if (error instanceof LoadFailedError) {
    const { fault } = error;
    if (fault.kind === 'other-classes') return { outcome: 'other-classes', classes: fault.classes };
    if (fault.kind === 'does-not-run') return { outcome: 'does-not-run', detail: error.message };
  }
  const isTheModels = error instanceof EyrieError && error.code === 'WORKER_FAILED';
  if (isTheModels || error instanceof LoadFailedError || error instanceof WorkerLostError) {
    throw new InvalidVersionError(error.message, { cause: error });
  }
  throw error;
}

function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
