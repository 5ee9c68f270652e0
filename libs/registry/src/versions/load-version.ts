import { deadlineIn } from '#core';
import { LoadFailedError, type PredictorFactory, type PredictorObserver, type RuntimeSpec } from '#inference';
import { LoadedVersion } from './loaded-version';
import type { FileCalls } from '../stores/file-calls';
import type { SignatureRules } from '../signatures/signature-rules';
import { isStorageFailure, StorageError } from '../stores/storage-error';
import { InvalidVersionError } from './invalid-version';
import { runtimeOf } from './manifest';
import { artifactPath, readVersion, type CheckedVersion } from './version-files';

export interface LoadOptions {
  predictors: PredictorFactory;
  /** Instead of what the manifest's runtime says. */
  runtime?: Partial<RuntimeSpec>;
  observer?: PredictorObserver;
  /** Aborted to give up: nothing of the version runs then. */
  signal?: AbortSignal;
  /** Whose signature it must have; without, signatures are not looked at. */
  signatures?: SignatureRules;
  /** How its files are read, if not by this process itself. */
  files?: FileCalls;
  /** Where the version's files are later on, if not where they were loaded from. */
  folderLater?: () => Promise<string>;
}

const PROOF_TIME_LIMIT_MS = 60_000;

/**
 * Files are signed, where they must be, and what the manifest says → workers load and warm up → the version knows what its manifest says it must.
 * @throws InvalidVersionError, StorageError, LoadFailedError, WorkerLostError, the signal's reason: nothing of the version runs then
 */
export async function loadVersion(
  folder: string,
  name: string,
  version: number,
  options: LoadOptions,
): Promise<LoadedVersion> {
  const checked = await readVersion(folder, name, version, options.files, options.signatures);
  const { manifest, task, modelPath, identity, signedBy } = checked;
  options.signal?.throwIfAborted();
  const starting = options.predictors.start({
    task: manifest.task,
    modelPath,
    sha256: manifest.artifact.sha256,
    spec: task.spec,
    runtime: { ...runtimeOf(manifest), ...options.runtime },
    observer: options.observer,
    signal: options.signal,
    modelFile: async () => artifactPath((await options.folderLater?.()) ?? folder, manifest.artifact, options.files),
  });
  const predictor = await starting.catch((error: unknown) => {
    throw explain(error);
  });
  const loaded = new LoadedVersion(manifest, predictor, task.serve(predictor.graph), identity, signedBy);
  try {
    await prove(checked, loaded, options.signal);
    options.signal?.throwIfAborted();
    return loaded;
  } catch (error) {
    await predictor.stop(0);
    throw error;
  }
}

/** A worker reads the model file itself; where its storage fails, the file is not to blame. */
function explain(error: unknown): unknown {
  const isStorage = error instanceof LoadFailedError && isStorageFailure(error.fault);
  return isStorage ? new StorageError(error.message) : error;
}

/** @throws InvalidVersionError naming the first thing that the version does not know */
async function prove({ read }: CheckedVersion, loaded: LoadedVersion, signal?: AbortSignal): Promise<void> {
  const deadline = deadlineIn(PROOF_TIME_LIMIT_MS);
  try {
    await loaded.task.prove?.(async (input) => (await loaded.predict({ ...input, deadline, signal })).output, read);
  } catch (error) {
    if (signal?.aborted || error instanceof InvalidVersionError || error instanceof StorageError) throw error;
    throw new InvalidVersionError((error as Error).message, { cause: error });
  }
}
