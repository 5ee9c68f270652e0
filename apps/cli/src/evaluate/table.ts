import { EyrieError, type ErrorCode } from '#core';
import { FolderStore, loadVersion, type VersionRef } from '#registry';
import { isTabular, type RowAnswer, TabularClassifier } from '#tasks';
import { Failure } from '../failure';
import { answerAll } from '../predict/table-here';
import { commandPredictors } from '../predictors';
import { knownVersion } from '../registry/known-version';
import { pathOf, type ServerAccess } from '../registry/server-access';

/** A version that answers rows of a table. */
export interface TableOracle {
  version: number;
  /** Of a classification. */
  labels?: readonly string[];
  unit?: string;
  /** The column of a CSV that has the right answers, as the version calls it. */
  target?: string;
  /** Rows that are asked together. */
  rowsAtOnce: number;
  /** @param csv with a header, without the right answers @returns for each row its answer, or what is wrong with it */
  ask(csv: Buffer): Promise<readonly (RowAnswer | EyrieError)[]>;
  stop(): Promise<void>;
}

const AT_ONCE_HERE = 100_000;
const AT_ONCE_THERE = 1_000;
/** As many as anybody would look at. */
const BEST_CLASSES = 5;

/** Loads the version of a folder into a worker of this process. @throws EyrieError, InvalidVersionError, Failure */
export async function tableHere(registry: string, model: string, wanted?: VersionRef): Promise<TableOracle> {
  const store = await FolderStore.open(registry);
  const version = await knownVersion(store, model, wanted);
  const folder = await store.versionFolder(model, version);
  const predictors = commandPredictors('ownFiles');
  const loaded = await loadVersion(folder, model, version, { predictors, runtime: { workers: 1 } });
  const { task } = loaded;
  if (!isTabular(task)) {
    await loaded.stop(0);
    throw noTable(model, version);
  }
  const isClassifier = task instanceof TabularClassifier;
  const topK = isClassifier ? Math.min(BEST_CLASSES, task.labels.length) : 1;
  return {
    version,
    labels: isClassifier ? task.labels : undefined,
    unit: isClassifier ? undefined : task.unit,
    target: task.target,
    rowsAtOnce: AT_ONCE_HERE,
    ask: (csv) => answerAll(loaded, task, () => task.inputOfCsv(csv, { maxRows: AT_ONCE_HERE }, topK)),
    stop: () => loaded.stop(5_000),
  };
}

interface VersionOnServer {
  version: number;
  state: string;
  labels?: string[];
  features?: object[];
  unit?: string;
  manifest?: { target?: string };
}

/** Asks the version of a running server. @throws EyrieError as it answers, Failure when the version cannot be asked there */
export async function tableThere(server: ServerAccess, model: string, wanted?: VersionRef): Promise<TableOracle> {
  const ref = wanted ?? (await server.model(model)).policy.default;
  const path = `${pathOf(model)}/versions/${encodeURIComponent(ref)}`;
  const { version, state, labels, features, unit, manifest } = await server.call<VersionOnServer>('GET', path);
  if (!features) {
    if (state === 'READY') throw noTable(model, version);
    throw new Failure(
      `${model} version ${version} is ${state} on ${server.server}; load it first: eyrie models load ${model} ${version}`,
    );
  }
  const topK = labels ? `&top_k=${Math.min(BEST_CLASSES, labels.length)}` : '';
  const ask = `/v1/predict/batch?model=${encodeURIComponent(model)}&version=${version}${topK}`;
  return {
    version,
    labels,
    unit,
    target: manifest?.target,
    rowsAtOnce: AT_ONCE_THERE,
    async ask(csv) {
      const answer = await server.call<{ results: Result[] }>('POST', ask, csv, { 'Content-Type': 'text/csv' });
      return answer.results.map(({ error, ...said }) => (error ? EyrieError.told(error.code, error.detail) : said));
    },
    stop: () => Promise.resolve(),
  };
}

type Result = RowAnswer & { error?: { code: ErrorCode; detail: string } };

function noTable(model: string, version: number): Failure {
  return new Failure(`${model} version ${version} is no model of tables; --csv is for these`);
}
