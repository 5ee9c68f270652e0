import { readFile } from 'node:fs/promises';
import type { Predictor, PredictorFactory, PredictorObserver, RuntimeSpec } from '#inference';
import { InvalidVersionError, runtimeOf, type Manifest } from './manifest';
import { checkArtifact, plainFile, readVersion, type CheckedVersion } from './version-files';

export interface LoadOptions {
  predictors: PredictorFactory;
  /** Instead of what the manifest's runtime says. */
  runtime?: Partial<RuntimeSpec>;
  observer?: PredictorObserver;
  /** Where the version's files are later on, if not where they were loaded from. */
  folderLater?: () => Promise<string>;
}

/** A version that has passed every check and serves. */
export interface LoadedVersion {
  manifest: Manifest;
  predictor: Predictor;
  labels: readonly string[];
  /** See CheckedVersion. */
  identity: string;
}

const GOLDEN_TIME_LIMIT_MS = 60_000;

/**
 * Files are what the manifest says → workers load and warm up → golden images get their labels.
 * @throws InvalidVersionError, LoadFailedError, WorkerLostError: nothing of the version runs then
 */
export async function loadVersion(
  folder: string,
  name: string,
  version: number,
  options: LoadOptions,
): Promise<LoadedVersion> {
  const checked = await readVersion(folder, name, version);
  const { manifest, spec, identity } = checked;
  const predictor = await options.predictors.start({
    spec,
    runtime: { ...runtimeOf(manifest), ...options.runtime },
    observer: options.observer,
    modelFile: async () => sameArtifact((await options.folderLater?.()) ?? folder, manifest),
  });
  try {
    await checkGolden(checked, predictor);
  } catch (error) {
    await predictor.stop(0);
    throw error;
  }
  return { manifest, predictor, labels: spec.labels, identity };
}

/** The path of the file that was loaded. @throws InvalidVersionError when there is another one, or none */
async function sameArtifact(folder: string, { artifact }: Manifest): Promise<string> {
  try {
    return await checkArtifact(folder, artifact);
  } catch (error) {
    throw new InvalidVersionError(`the file is no longer the one that was loaded: ${(error as Error).message}`);
  }
}

/** @throws InvalidVersionError naming the first golden image that is not classified as it must be */
async function checkGolden({ manifest, folder }: CheckedVersion, predictor: Predictor): Promise<void> {
  for (const golden of manifest.golden ?? []) {
    const image = await readFile(await plainFile(folder, golden.image));
    const deadline = performance.now() + GOLDEN_TIME_LIMIT_MS;
    const [best] = (await predictor.predict(image, { topK: 1, deadline })).classes;
    if (best!.label !== golden.label || best!.confidence < golden.minConfidence) {
      throw new InvalidVersionError(
        `golden image ${golden.image} must be "${golden.label}" with at least ${golden.minConfidence}, ` +
          `but the model says "${best!.label}" with ${best!.confidence.toFixed(3)}`,
      );
    }
  }
}
