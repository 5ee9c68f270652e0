import { readFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { EyrieError, deadlineIn } from '#core';
import { availableCpus, PredictorFactory } from '#inference';
import { classify, imageClassifierOf, WORKER_ENTRY } from '#tasks';
import { FolderStore, type LoadedVersion, loadVersion, type VersionRef } from '#registry';
import { parseVersionRef } from '../parse';
import { knownVersion } from '../registry/known-version';
import { Failure } from '../failure';
import { Confusion } from './confusion';
import { labelledImages, type LabelledImage } from './labelled-images';
import { evaluationReport } from './report';

interface EvaluateOptions {
  images: string;
  registry: string;
  json?: boolean;
}

/** Enough to keep every worker's batches full, few enough that little memory waits. */
const IMAGES_IN_FLIGHT = 128;
const TIME_LIMIT_MS = 120_000;

export function evaluateCommand(registry: string): Command {
  return new Command('evaluate')
    .description('Measures the accuracy of a version, through the same worker that serves it.')
    .argument('<model>', 'name of the model')
    .argument('[version]', 'number or alias; the default of the policy when left out', parseVersionRef)
    .requiredOption('--images <folder>', 'folder that holds one folder of images per class')
    .option('--registry <folder>', 'the model registry', registry)
    .option('--json', 'print the figures as JSON')
    .addHelpText('after', '\nExample:\n  npm run eyrie -- evaluate resnet-cifar10 2 --images cifar10/test')
    .action(evaluate);
}

async function evaluate(model: string, wanted: VersionRef | undefined, options: EvaluateOptions): Promise<void> {
  const store = await FolderStore.open(options.registry);
  const predictors = new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: 100_000_000 });
  const version = await knownVersion(store, model, wanted);
  const folder = await store.versionFolder(model, version);
  const runtime = { workers: availableCpus(), threads: 1, maxQueue: IMAGES_IN_FLIGHT };
  const loaded = await loadVersion(folder, model, version, { predictors, runtime });
  try {
    const { labels } = imageClassifierOf(loaded);
    const { oneByOne, doubts } = loaded.predictor;
    for (const doubt of [...(oneByOne ? [`${oneByOne}, so they run one by one`] : []), ...doubts])
      console.error(`eyrie: ${doubt}`);
    const { images, ambiguous } = await labelledImages(options.images, labels);
    for (const { folder: name, classIds } of ambiguous) {
      console.error(
        `eyrie: classes ${classIds.join(' and ')} have the same label "${name}", so either is right for the images of that folder; ` +
          'name folders by class number to tell them apart',
      );
    }
    const confusion = new Confusion(labels);
    const started = performance.now();
    const unreadable = await classifyAll(loaded, images, confusion);
    if (confusion.images === 0) throw new Failure(`none of the files could be read: ${unreadable[0]}`);
    const seconds = (performance.now() - started) / 1000;
    console.log(
      options.json ? asJson(model, version, confusion, unreadable) : evaluationReport(confusion, unreadable, seconds),
    );
  } finally {
    await loaded.stop(5_000);
  }
}

/** @returns what could not be read, with the reason */
async function classifyAll(version: LoadedVersion, images: LabelledImage[], confusion: Confusion): Promise<string[]> {
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
        const deadline = deadlineIn(TIME_LIMIT_MS);
        const { output } = await classify(version, await readFile(path), { topK, deadline });
        confusion.add(
          classIds,
          output.map(({ class_id }) => class_id),
        );
      } catch (error) {
        if (!(error instanceof EyrieError)) throw error;
        unreadable.push(`${path}: ${error.message}`);
      }
      bar.increment();
    }
  };
  try {
    await Promise.all(Array.from({ length: IMAGES_IN_FLIGHT }, oneAfterAnother));
  } finally {
    bar.stop();
  }
  return unreadable;
}

function asJson(model: string, version: number, confusion: Confusion, unreadable: string[]): string {
  const { images, top1, top5, labels, counts } = confusion;
  const classes = confusion.perClass();
  return JSON.stringify(
    { model, version, images, top1, top5, classes, labels, confusion: counts, unreadable },
    null,
    2,
  );
}
