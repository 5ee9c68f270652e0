import { setTimeout as sleep } from 'node:timers/promises';
import { EyrieError, deadlineIn } from '#core';
import { availableCpus } from '#inference';
import { FolderStore, loadVersion, type VersionRef } from '#registry';
import { classify, imageClassifierOf } from '#tasks';
import { Failure } from '../failure';
import { knownVersion } from '../registry/known-version';
import { pathOf, type ServerAccess } from '../registry/server-access';
import { commandPredictors } from '../predictors';

/** A version that can be asked, wherever it runs. */
export interface Classifier {
  version: number;
  /** In the order of the class ids. */
  labels: readonly string[];
  /** How many images it is worth while to ask about at the same time. */
  inFlight: number;
  /** What somebody should look at before the figures are believed, in sentences. */
  doubts: readonly string[];
  /** Ids of the best classes of an image, best first. @throws EyrieError */
  classify(image: Uint8Array, topK: number): Promise<number[]>;
  stop(): Promise<void>;
}

/** Enough to keep every worker's batches full, few enough that little memory waits. */
const IN_FLIGHT_HERE = 128;
/** A server has others to answer, too. */
const IN_FLIGHT_THERE = 16;
const TIME_LIMIT_MS = 120_000;

/** Loads the version of a folder into workers of this process. @throws EyrieError, InvalidVersionError */
export async function classifierHere(registry: string, model: string, wanted?: VersionRef): Promise<Classifier> {
  const store = await FolderStore.open(registry);
  const predictors = commandPredictors('ownFiles');
  const version = await knownVersion(store, model, wanted);
  const folder = await store.versionFolder(model, version);
  const runtime = { workers: availableCpus(), threads: 1, maxQueue: IN_FLIGHT_HERE };
  const loaded = await loadVersion(folder, model, version, { predictors, runtime });
  const { oneByOne, doubts } = loaded.predictor;
  return {
    version,
    labels: imageClassifierOf(loaded).labels,
    inFlight: IN_FLIGHT_HERE,
    doubts: [...(oneByOne ? [`${oneByOne}, so they run one by one`] : []), ...doubts],
    async classify(image, topK) {
      const { output } = await classify(loaded, image, { topK, deadline: deadlineIn(TIME_LIMIT_MS) });
      return output.map(({ class_id }) => class_id);
    },
    stop: () => loaded.stop(5_000),
  };
}

interface VersionOnServer {
  version: number;
  state: string;
  /** Of one that is READY: what is doubtful about its answers. */
  reason?: string | null;
  labels?: string[];
}

/** Asks the version of a running server. @throws EyrieError as it answers, Failure when the version cannot be asked there */
export async function classifierThere(server: ServerAccess, model: string, wanted?: VersionRef): Promise<Classifier> {
  const ref = wanted ?? (await server.model(model)).policy.default;
  const path = `${pathOf(model)}/versions/${encodeURIComponent(ref)}`;
  const { version, state, labels, reason } = await server.call<VersionOnServer>('GET', path);
  if (!labels) {
    throw new Failure(
      state === 'READY'
        ? `${model} version ${version} is no classifier of images`
        : `${model} version ${version} is ${state} on ${server.server}; load it first: eyrie models load ${model} ${version}`,
    );
  }
  const ask = `${pathOf(model)}/versions/${version}/predict`;
  return {
    version,
    labels,
    inFlight: IN_FLIGHT_THERE,
    doubts: reason ? [reason] : [],
    async classify(image, topK) {
      const { predictions } = await patiently(() =>
        server.call<{ predictions: { class_id: number }[] }>('POST', `${ask}?top_k=${topK}`, image),
      );
      return predictions.map(({ class_id }) => class_id);
    },
    stop: () => Promise.resolve(),
  };
}

const PAUSE_MS = 1_000;
const TRIES = 60;

/** Whoever measures can wait for those whom the server is there for. @throws EyrieError */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      const isBusy = error instanceof EyrieError && ['OVERLOADED', 'RATE_LIMITED'].includes(error.code);
      if (!isBusy || tries === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
