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

interface EvaluateOptions extends RegistryOptions {
  images: string;
}

export function evaluateCommand(defaults: RegistryDefaults): Command {
  const evaluateThis = new Command('evaluate')
    .description('Measures the accuracy of a version, through the same worker that serves it.')
    .argument('<model>', 'name of the model')
    .argument('[version]', 'number or alias; the default of the policy when left out', parseVersionRef)
    .requiredOption('--images <folder>', 'folder that holds one folder of images per class')
    .addHelpText('after', '\nExample:\n  eyrie evaluate resnet-cifar10 2 --images cifar10/test')
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
  const server = serverOf(options, defaults);
  const classifier = await (server
    ? classifierThere(server, model, wanted)
    : classifierHere(folderOf(options, defaults), model, wanted));
  try {
    const { labels, version } = classifier;
    for (const doubt of classifier.doubts) console.error(`eyrie: ${doubt}`);
    const { images, ambiguous } = await labelledImages(options.images, labels);
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
      evaluationReport(confusion, unreadable, seconds, wide),
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
