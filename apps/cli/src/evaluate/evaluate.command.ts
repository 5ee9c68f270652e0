import { readFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { EyrieError } from '#core';
import type { VersionRef } from '#registry';
import { Failure } from '../failure';
import { print } from '../output/format';
import { parseVersionRef } from '../parse';
import {
  folderOf,
  type RegistryDefaults,
  type RegistryOptions,
  serverOf,
  withRegistryOptions,
} from '../registry/open-registry';
import { type Classifier, classifierHere, classifierThere } from './classifier';
import { Confusion } from './confusion';
import { labelledImages, type LabelledImage } from './labelled-images';
import { evaluationReport } from './report';
import { UsageError } from '../usage-error';
import { evaluateTable } from './evaluate-table';
import { tableHere, tableThere } from './table';

interface EvaluateOptions extends RegistryOptions {
  images?: string;
  csv?: string;
  target?: string;
}

const EXAMPLES = `
Examples:
  eyrie evaluate resnet-cifar10 2 --images cifar10/test
  eyrie evaluate churn --csv held-out.csv --target churned`;

export function evaluateCommand(defaults: RegistryDefaults): Command {
  const evaluateThis = new Command('evaluate')
    .description('Measures the accuracy of a version, through the same worker that serves it.')
    .argument('<model>', 'name of the model')
    .argument('[version]', 'number or alias; the default of the policy when left out', parseVersionRef)
    .option('--images <folder>', 'folder that holds one folder of images per class')
    .option('--csv <file>', 'of a model of tables: rows with the right answers')
    .option('--target <column>', 'the column of the CSV that holds them (default: as the version says)')
    .addHelpText('after', EXAMPLES)
    .action((model: string, version: VersionRef | undefined, options: EvaluateOptions) =>
      evaluate(model, version, options, defaults),
    );
  return withRegistryOptions(evaluateThis);
}

async function evaluate(
  model: string,
  wanted: VersionRef | undefined,
  options: EvaluateOptions,
  defaults: RegistryDefaults,
): Promise<void> {
  const { images: folder, csv, target } = options;
  if ((folder === undefined) === (csv === undefined)) {
    throw new UsageError('give --images FOLDER for a classifier of images, or --csv FILE for a model of tables');
  }
  const server = serverOf(options, defaults);
  if (csv !== undefined) {
    const oracle = await (server
      ? tableThere(server, model, wanted)
      : tableHere(folderOf(options, defaults), model, wanted));
    return evaluateTable(oracle, { model, csv, target }, options);
  }
  if (target !== undefined) throw new UsageError('--target is for --csv');
  const classifier = await (server
    ? classifierThere(server, model, wanted)
    : classifierHere(folderOf(options, defaults), model, wanted));
  try {
    const { labels, version } = classifier;
    for (const doubt of classifier.doubts) console.error(`eyrie: ${doubt}`);
    const { images, ambiguous } = await labelledImages(folder!, labels);
    for (const { folder: name, classIds } of ambiguous) {
      console.error(
        `eyrie: classes ${classIds.join(' and ')} have the same label "${name}", so either is right for the images of that folder; ` +
          'name folders by class number to tell them apart',
      );
    }
    const confusion = new Confusion(labels);
    const started = performance.now();
    const unreadable = await classifyAll(classifier, images, confusion);
    if (confusion.images === 0) throw new Failure(`none of the files could be read: ${unreadable[0]}`);
    const seconds = (performance.now() - started) / 1000;
    print(options, figures(model, version, confusion, unreadable), (wide) =>
      evaluationReport(confusion, { unreadable, seconds, what: 'images' }, wide),
    );
  } finally {
    await classifier.stop();
  }
}

/** @returns what could not be read, with the reason */
async function classifyAll(classifier: Classifier, images: LabelledImage[], confusion: Confusion): Promise<string[]> {
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {value}/{total} | {eta_formatted} left',
    hideCursor: true,
  });
  if (process.stderr.isTTY) bar.start(images.length, 0);
  const topK = Math.min(5, confusion.labels.length);
  const unreadable: string[] = [];
  const waiting = images.values();
  const oneAfterAnother = async (): Promise<void> => {
    for (const { path, classIds } of waiting) {
      try {
        confusion.add(classIds, await classifier.classify(await readFile(path), topK));
      } catch (error) {
        if (!(error instanceof EyrieError)) throw error;
        unreadable.push(`${path}: ${error.message}`);
      }
      bar.increment();
    }
  };
  try {
    await Promise.all(Array.from({ length: classifier.inFlight }, oneAfterAnother));
  } finally {
    bar.stop();
  }
  return unreadable;
}

function figures(model: string, version: number, confusion: Confusion, unreadable: string[]) {
  const { images, top1, top5, labels, counts } = confusion;
  return { model, version, images, top1, top5, classes: confusion.perClass(), labels, confusion: counts, unreadable };
}
