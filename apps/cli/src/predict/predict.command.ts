import { Command } from 'commander';
import { EyrieError } from '#core';
import type { Surroundings } from '../environment';
import { print } from '../output/format';
import { tableText } from '../output/table';
import { parseWhole, parseVersionRef } from '../parse';
import { folderOf, type RegistryOptions, serverOf, withRegistryOptions } from '../registry/open-registry';
import { oracleHere } from './here';
import type { Answer, Oracle } from './oracle';
import { oracleThere } from './there';
import { featuresQuestion, type Question, readQuestion, UnreadableFile } from './question';
import { UsageError } from '../usage-error';

export interface PredictOptions extends RegistryOptions {
  model?: string;
  version?: number | string;
  top?: number;
  routingKey?: string;
  features?: string;
}

type Result = { file: string } & (Answer | { error: { code?: string; detail: string } });

const EXAMPLES = `
A picture is a file, - for the standard input, or a URL, which a running server fetches by its own rules. For a model of tables it is
--features, a CSV whose first line names the features, or a JSON file with {"features": …} or {"items": [{"features": …}, …]}. For a model
of tensors it is a JSON file with {"inputs": {…}}, and a running server.

Examples:
  eyrie predict samples/ship.png
  eyrie predict --model resnet-cifar10 --version 1 --top 1 samples/*
  cat photo.jpg | eyrie predict -
  eyrie predict --model churn --features '{"age": 40, "city": "Oslo"}'
  eyrie predict --model churn customers.csv

Exit codes: 0 all answered, 1 at least one not, 2 called wrongly.`;

export function predictCommand(around: Surroundings): Command {
  const predict = new Command('predict')
    .description('Asks a model, of a server or of a folder: what is in pictures, or what it makes of rows of a table.')
    .argument('[file...]', 'pictures: files, URLs, or - for the standard input; or CSV and JSON files')
    .option('-m, --model <model>', 'name of the model (default: MODEL_NAME, or else as the registry says)')
    .option('--version <version>', 'number or alias (default: as the policy of the model says)', parseVersionRef)
    .option('-n, --top <n>', 'how many classes to answer', parseWhole(1, 100_000))
    .option('--features <json>', 'one row of a table: values by name, or in the order of the features')
    .option('--routing-key <key>', 'of a server: who gets the same variant each time')
    .addHelpText('after', EXAMPLES)
    .action((files: string[], options: PredictOptions) => predictAll(files, options, around));
  return withRegistryOptions(predict);
}

async function predictAll(files: string[], options: PredictOptions, around: Surroundings): Promise<void> {
  const { features } = options;
  if (files.length === 0 && features === undefined)
    throw new UsageError('give a file, or --features for a model of tables');
  const row = features === undefined ? undefined : featuresQuestion(features);
  const server = serverOf(options, around);
  const asked = { ...options, model: options.model ?? (server ? undefined : around.model) };
  const oracle = server ? oracleThere(server, asked) : await oracleHere(folderOf(options, around), asked);
  const results: Result[] = [];
  try {
    if (row) results.push(await predictOne('--features', () => Promise.resolve(row), oracle));
    for (const file of files) results.push(await predictOne(file, () => readQuestion(file), oracle));
  } finally {
    await oracle.stop();
  }
  print(options, results, (wide) => answerTable(results, wide));
  for (const result of results) {
    const errors = 'error' in result ? [result.error] : (result.results ?? []).flatMap(({ error }) => error ?? []);
    for (const { detail } of errors) console.error(`eyrie: ${result.file}: ${detail}`);
    if (errors.length > 0) process.exitCode = 1;
  }
}

/** One that cannot be read or answered does not stop the others. */
async function predictOne(file: string, read: () => Promise<Question>, oracle: Oracle): Promise<Result> {
  try {
    return { file, ...(await oracle.ask(await read())) };
  } catch (error) {
    // That nobody is there, or that there is no such model, is so for all of them.
    const isItsOwn = error instanceof EyrieError || error instanceof UnreadableFile;
    if (!isItsOwn || oracle.concernsAll(error)) throw error;
    return { file, error: { code: error instanceof EyrieError ? error.code : undefined, detail: error.message } };
  }
}

function answerTable(results: readonly Result[], wide: boolean): string {
  const rows = results.flatMap((result): (string | number)[][] => {
    if ('error' in result) return [[result.file, '', '', '']];
    const { model, results: several } = result;
    const version = `${model.name} ${model.version}${model.variant ? ` (${model.variant})` : ''}`;
    if (!several) return answerRows(result).map((row, i) => [...(i === 0 ? [result.file, version] : ['', '']), ...row]);
    return several.flatMap((one) =>
      answerRows(one).map((row, i) => [...(i === 0 ? [`${result.file}[${one.index}]`, version] : ['', '']), ...row]),
    );
  });
  return tableText({ head: ['file', 'model', 'answer', 'confidence'], rows, right: [3] }, wide);
}

/** What is said, and how sure the model is of it. */
function answerRows({
  predictions,
  outputs,
  value,
}: Pick<Answer, 'predictions' | 'outputs' | 'value'>): (string | number)[][] {
  if (value !== undefined) return [[value, '']];
  if (!predictions) return [[outputs === undefined ? '' : JSON.stringify(outputs), '']];
  return predictions.map(({ label, confidence }) => [label, confidence === null ? '' : confidence.toFixed(4)]);
}
