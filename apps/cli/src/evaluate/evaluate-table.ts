import { EyrieError } from '#core';
import type { RowAnswer } from '#tasks';
import { Failure } from '../failure';
import { print } from '../output/format';
import type { RegistryOptions } from '../registry/open-registry';
import { Confusion } from './confusion';
import { type LabelledRows, labelledRows } from './labelled-rows';
import { Residuals } from './residuals';
import { evaluationReport } from './report';
import type { TableOracle } from './table';

interface Asked {
  model: string;
  csv: string;
  target?: string;
}

/** Measures a version on the rows of a CSV, and prints what comes of it. @throws EyrieError, Failure */
export async function evaluateTable(oracle: TableOracle, asked: Asked, format: RegistryOptions): Promise<void> {
  try {
    const target = asked.target ?? oracle.target;
    if (target === undefined)
      throw new Failure('the version does not say which column has what is right; give --target');
    const parts = await labelledRows(asked.csv, target, oracle.rowsAtOnce);
    const started = performance.now();
    const tell = oracle.labels ? classification(oracle.labels) : regression(oracle.unit);
    const refused: string[] = [];
    for (const part of parts) addPart(tell, part, await oracle.ask(part.csv), refused);
    if (tell.count() === 0) throw new Failure(`none of the rows could be answered: ${refused[0]}`);
    const seconds = (performance.now() - started) / 1000;
    const about = { model: asked.model, version: oracle.version, rows: tell.count() };
    print(format, { ...about, ...tell.figures(), refused }, (wide) => tell.report(refused, seconds, wide));
  } finally {
    await oracle.stop();
  }
}

/** What is gathered of answers, and what is said of it. */
interface Tell {
  /** @param truth as the CSV has it @throws Failure where that cannot be right of any answer */
  add(truth: string, answer: RowAnswer): void;
  count(): number;
  figures(): object;
  report(refused: readonly string[], seconds: number, wide: boolean): string;
}

function addPart(
  tell: Tell,
  { truths, lines }: LabelledRows,
  answers: readonly (RowAnswer | EyrieError)[],
  refused: string[],
): void {
  answers.forEach((answer, row) => {
    const line = `line ${lines[row]}`;
    if (answer instanceof EyrieError) {
      refused.push(`${line}: ${answer.message}`);
      return;
    }
    try {
      tell.add(truths[row]!, answer);
    } catch (error) {
      throw error instanceof Failure ? new Failure(`${line}: ${error.message}`) : error;
    }
  });
}

function classification(labels: readonly string[]): Tell {
  const confusion = new Confusion(labels);
  return {
    add(truth, answer) {
      const classes = 'predictions' in answer ? answer.predictions.map(({ class_id }) => class_id) : [];
      confusion.add(classesCalled(truth, labels), classes);
    },
    count: () => confusion.images,
    figures: () => ({
      accuracy: confusion.top1,
      classes: confusion.perClass().map(({ images, ...quality }) => ({ ...quality, rows: images })),
      labels,
      confusion: confusion.counts,
    }),
    report: (unreadable, seconds, wide) => evaluationReport(confusion, { unreadable, seconds, what: 'rows' }, wide),
  };
}

/** By label, or by the number of the class; labels that are numbers may be written as 1 or as 1.0. */
function classesCalled(truth: string, labels: readonly string[]): number[] {
  const byLabel = [...labels.keys()].filter((id) => labels[id] === truth);
  if (byLabel.length > 0) return byLabel;
  const number = truth.trim() === '' ? NaN : Number(truth);
  const byNumber = [...labels.keys()].filter((id) => Number(labels[id]) === number);
  if (byNumber.length > 0) return byNumber;
  if (Number.isInteger(number) && number >= 0 && number < labels.length) return [number];
  throw new Failure(
    `"${truth}" is neither a label nor a class id of the model; its labels: ${labels.slice(0, 10).join(', ')}`,
  );
}

function regression(unit: string | undefined): Tell {
  const residuals = new Residuals();
  return {
    add(truth, answer) {
      const right = truth.trim() === '' ? NaN : Number(truth);
      if (!Number.isFinite(right)) throw new Failure(`"${truth}" is no number, so it cannot be what is right`);
      residuals.add(right, 'value' in answer ? answer.value : NaN);
    },
    count: () => residuals.count,
    figures: () => ({
      r2: residuals.r2,
      mae: residuals.mae,
      rmse: residuals.rmse,
      ...(unit !== undefined && { unit }),
    }),
    report(refused, seconds) {
      const { count, r2, mae, rmse } = residuals;
      const inUnit = unit === undefined ? '' : ` ${unit}`;
      return [
        ...(refused.length > 0 ? [`${refused.length} rows could not be read, the first: ${refused[0]}`] : []),
        `${count} rows in ${seconds.toFixed(1)} s (${(count / seconds).toFixed(0)}/s)`,
        `R2 ${r2.toFixed(4)}   MAE ${mae.toFixed(4)}${inUnit}   RMSE ${rmse.toFixed(4)}${inUnit}`,
      ].join('\n');
    },
  };
}
