import { AllRefusedError, deadlineIn, EyrieError, type InferenceInput } from '#core';
import type { LoadedVersion } from '#registry';
import { type AnyTabular, type Cell, type RowAnswer, rowAnswers, type SentRow, TabularRegressor } from '#tasks';
import type { Answer, Oracle } from './oracle';
import { type Question, UnreadableFile } from './question';

const TIME_LIMIT_MS = 120_000;
const USUAL_TOP = 5;
/** Of a file that whoever calls has chosen. */
const MAX_ROWS = 1_000_000;

/** A version of tables in a worker of this process. */
export function tableOracle(loaded: LoadedVersion, task: AnyTabular, model: Answer['model'], top?: number): Oracle {
  const topK = task instanceof TabularRegressor ? 1 : Math.min(top ?? USUAL_TOP, task.labels.length);
  return {
    async ask(question) {
      const isOne = 'json' in question && isObject(question.json) && 'features' in question.json;
      const answers = await answerAll(loaded, task, () => inputOf(question, task, topK));
      const [first] = answers;
      if (!isOne) return { model, results: answers.map(resultOf) };
      if (first instanceof EyrieError) throw first;
      return { model, ...first };
    },
    concernsAll: () => false,
    stop: () => loaded.stop(5_000),
  };
}

/** Each row of a table: its answer, or what is wrong with it. @throws EyrieError where that is the same for all */
export async function answerAll(
  loaded: LoadedVersion,
  task: AnyTabular,
  read: () => Promise<InferenceInput>,
): Promise<readonly (RowAnswer | EyrieError)[]> {
  try {
    const input = await read();
    const { output } = await loaded.predict({ ...input, deadline: deadlineIn(TIME_LIMIT_MS) });
    return [...rowAnswers(task, output, input.refused)];
  } catch (error) {
    if (error instanceof AllRefusedError) return error.refused;
    throw error;
  }
}

function inputOf(question: Question, task: AnyTabular, topK: number): Promise<InferenceInput> {
  if ('csv' in question) return task.inputOfCsv(question.csv, { maxRows: MAX_ROWS }, topK);
  if ('json' in question) return task.input(rowsOf(question.json), topK);
  throw new UnreadableFile('the model takes rows of a table: --features, a CSV, or JSON with "features" or "items"');
}

/** @throws UnreadableFile */
function rowsOf(json: unknown): SentRow[] {
  if (isObject(json) && 'features' in json) return [rowOf(json.features, 'features')];
  if (isObject(json) && Array.isArray(json.items)) {
    return json.items.map((item: unknown, i) =>
      rowOf(isObject(item) ? item.features : undefined, `items[${i}].features`),
    );
  }
  throw new UnreadableFile('it must be {"features": {…}}, {"features": […]} or {"items": [{"features": …}, …]}');
}

/** @throws UnreadableFile */
function rowOf(features: unknown, path: string): SentRow {
  if (Array.isArray(features)) return { values: features as Cell[], path };
  if (!isObject(features)) throw new UnreadableFile(`${path} must be an object or a list`);
  return { names: Object.keys(features), values: Object.values(features) as Cell[], path };
}

function resultOf(answer: RowAnswer | EyrieError, index: number) {
  if (answer instanceof EyrieError) return { index, error: { code: answer.code, detail: answer.message } };
  return { index, ...answer };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
