import { deadlineIn } from '#core';
import type { PredictorFactory, PredictorObserver, RuntimeSpec } from '#inference';
import { LoadedVersion } from './loaded-version';
import { InvalidVersionError, runtimeOf } from './manifest';
import { artifactPath, readVersion, type CheckedVersion } from './version-files';

export interface LoadOptions {
  predictors: PredictorFactory;
  /** Instead of what the manifest's runtime says. */
  runtime?: Partial<RuntimeSpec>;
  observer?: PredictorObserver;
  /** Where the version's files are later on, if not where they were loaded from. */
  folderLater?: () => Promise<string>;
}

const PROOF_TIME_LIMIT_MS = 60_000;

/**
 * Files are what the manifest says → workers load and warm up → the version knows what its manifest says it must.
 * @throws InvalidVersionError, LoadFailedError, WorkerLostError: nothing of the version runs then
 */
export async function loadVersion(
  folder: string,
  name: string,
  version: number,
  options: LoadOptions,
): Promise<LoadedVersion> {
  const checked = await readVersion(folder, name, version);
  const { manifest, task, modelPath, identity } = checked;
  const predictor = await options.predictors.start({
    task: manifest.task,
    modelPath,
    sha256: manifest.artifact.sha256,
    spec: task.spec,
    runtime: { ...runtimeOf(manifest), ...options.runtime },
    observer: options.observer,
    modelFile: async () => artifactPath((await options.folderLater?.()) ?? folder, manifest.artifact),
  });
  const loaded = new LoadedVersion(manifest, predictor, task.serve(predictor.graph), identity);
  try {
    await prove(checked, loaded);
    return loaded;
  } catch (error) {
    await predictor.stop(0);
    throw error;
  }
}

/** @throws InvalidVersionError naming the first thing that the version does not know */
async function prove({ read }: CheckedVersion, loaded: LoadedVersion): Promise<void> {
  const deadline = deadlineIn(PROOF_TIME_LIMIT_MS);
  try {
    await loaded.task.prove?.(async (input) => (await loaded.predict({ ...input, deadline })).output, read);
  } catch (error) {
    if (error instanceof InvalidVersionError) throw error;
    throw new InvalidVersionError((error as Error).message, { cause: error });
  }
}
