import { EyrieError, deadlineIn } from '#core';
import { LoadFailedError, type PredictorFactory, WorkerLostError } from '#inference';
import { InvalidVersionError, type LoadedVersion, loadVersion } from '#registry';
import { classify, imageClassifierOf } from '#tasks';
import type { ClassifierManifest } from './classifier-manifest';
import { noisePng } from './noise';

/** What a trial run of a version has shown. */
export type TrialResult =
  /** It loads and answers: per image all scores, or the best one alone where a softmax makes them add up anyway. */
  | { outcome: 'answers'; scores: number[][] }
  /** It runs, but gives another number of scores than there are labels. */
  | { outcome: 'other-classes'; classes: number }
  /** It loads but does not run on the batches it says it takes. */
  | { outcome: 'does-not-run'; detail: string };

const IMAGES = 2;
const TIME_LIMIT_MS = 120_000;
/** More than one, so that a batch dimension that only looks free shows. */
const MAX_BATCH = 4;

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
  const runtime = { workers: 1, threads: 1, maxBatch: manifest.runtime?.maxBatch ?? MAX_BATCH };
  const loading = loadVersion(folder, manifest.name, manifest.version, { predictors, runtime });
  try {
    const loaded = await unlessAborted(loading, signal);
    const topK = manifest.output.activation === 'softmax' ? 1 : imageClassifierOf(loaded).labels.length;
    try {
      return { outcome: 'answers', scores: await classifyNoise(loaded, manifest, topK, signal) };
    } finally {
      await loaded.stop(0);
    }
  } catch (error) {
    if (signal?.aborted) {
      // The worker cannot be reached before it has loaded.
      void loading.then((loaded) => loaded.stop(0)).catch(() => undefined);
      throw error;
    }
    return explain(error);
  }
}

async function classifyNoise(
  version: LoadedVersion,
  { input }: ClassifierManifest,
  topK: number,
  signal?: AbortSignal,
): Promise<number[][]> {
  const images = Array.from({ length: IMAGES }, () => noisePng(input.width, input.height));
  const deadline = deadlineIn(TIME_LIMIT_MS);
  const answers = await Promise.all(images.map((image) => classify(version, image, { topK, deadline, signal })));
  return answers.map(({ output }) => output.map(({ confidence }) => confidence));
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
