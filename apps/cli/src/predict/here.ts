import { EyrieError, deadlineIn } from '#core';
import { FolderStore, loadVersion } from '#registry';
import { classify, imageClassifierOf, isTabular } from '#tasks';
import { Failure } from '../failure';
import { knownVersion } from '../registry/known-version';
import type { Asked, Oracle } from './oracle';
import { UnreadableFile } from './question';
import { commandPredictors } from '../predictors';
import { tableOracle } from './table-here';

const TIME_LIMIT_MS = 120_000;
const USUAL_TOP = 5;

/** A version of a folder, in a worker of this process. @throws EyrieError, Failure, InvalidVersionError */
export async function oracleHere(registry: string, asked: Asked): Promise<Oracle> {
  const store = await FolderStore.open(registry);
  const model = asked.model ?? (await store.readDefaultModel()) ?? (await store.listModels()).sort()[0];
  if (model === undefined) throw new Failure(`there is no model in ${store.location}`);
  const version = await knownVersion(store, model, asked.version);
  const predictors = commandPredictors('asServed');
  const folder = await store.versionFolder(model, version);
  const loaded = await loadVersion(folder, model, version, { predictors, runtime: { workers: 1 } });
  const of = { name: model, version, variant: null };
  if (isTabular(loaded.task)) return tableOracle(loaded, loaded.task, of, asked.top);
  try {
    const { labels } = imageClassifierOf(loaded);
    const topK = Math.min(asked.top ?? USUAL_TOP, labels.length);
    return {
      async ask(question) {
        if (!('bytes' in question)) {
          const what = 'url' in question ? 'a URL' : 'json' in question ? 'JSON' : 'a CSV';
          throw new UnreadableFile(`${what} is for a running server to answer: give --server URL`);
        }
        const { output } = await classify(loaded, question.bytes, { topK, deadline: deadlineIn(TIME_LIMIT_MS) });
        return { model: of, predictions: output };
      },
      concernsAll: (error) => error instanceof EyrieError && error.code === 'WORKER_FAILED',
      stop: () => loaded.stop(5_000),
    };
  } catch (error) {
    await loaded.stop(0);
    throw error;
  }
}
