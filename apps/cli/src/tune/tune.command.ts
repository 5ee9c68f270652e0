import { access, constants, readdir, writeFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { availableCpus } from '#inference';
import {
  FolderStore,
  readManifest,
  type RuntimeSettings,
  SIGNATURE_FILE,
  type VersionRef,
  writeRuntime,
} from '#registry';
import { Failure } from '../failure';
import { isForPrograms, type OutputOptions, print, withOutputOptions } from '../output/format';
import { parseNumber, parseNumbers, parseVersionRef } from '../parse';
import { knownVersion } from '../registry/known-version';
import { folderAlone, type RegistryDefaults } from '../registry/open-registry';
import { gridChart } from './chart';
import { choose, type Goal, GOALS } from './choose';
import { fixedBatch, measureGrid } from './grid';
import { gridTable } from './report';
import { divisionName, divisions, type Setting } from './setting';
import { tuneImages } from './tune-images';
import { commandPredictors } from '../predictors';

interface TuneOptions extends OutputOptions {
  goal: Goal;
  p95?: number;
  images?: string;
  batches: number[];
  concurrency: number;
  seconds: number;
  rounds: number;
  picture?: string;
  dryRun?: boolean;
  registry: string;
}

export function tuneCommand(defaults: RegistryDefaults): Command {
  const command = new Command('tune')
    .description('Measures how a version runs best on this machine, and writes that beside its manifest.')
    .argument('<model>', 'name of the model')
    .argument('[version]', 'number or alias; the default of the policy when left out', parseVersionRef)
    .addOption(new Option('--goal <goal>', 'what is best').choices(GOALS).default('throughput'))
    .option('--p95 <ms>', 'the 95th percentile of the latency that must be kept', parseNumber(0.1, 600_000))
    .option('--images <folder>', 'images such as clients send (default: the golden images of the version)')
    .option('--batches <sizes>', 'values of maxBatch to try', parseNumbers(1, 1024), [1, 2, 4, 8, 16])
    .option('--concurrency <n>', 'requests that always wait for an answer', parseNumber(1, 10_000), 16)
    .option('--seconds <s>', 'for each setting in each round', parseNumber(0.2, 600), 2)
    .option('--rounds <n>', 'how often each setting is measured', parseNumber(1, 20), 2)
    .option('--picture <file>', 'draw the curves into this SVG file')
    .option('--dry-run', 'only measure')
    .option('--registry <folder>', 'the model registry (default: MODEL_REGISTRY, or else ./model-registry)')
    .addHelpText(
      'after',
      '\nExample:\n  eyrie tune resnet-cifar10 2 --goal throughput --p95 100 --picture tuning.svg' +
        '\n\nNothing else should run meanwhile. A server loads the version anew to take up what was written.',
    )
    .action((model: string, version: VersionRef | undefined, options: TuneOptions) => {
      const registry = folderAlone(options, defaults, 'measures on this machine');
      return tune(model, version, { ...options, registry });
    });
  return withOutputOptions(command);
}

async function tune(model: string, wanted: VersionRef | undefined, options: TuneOptions): Promise<void> {
  const store = await FolderStore.open(options.registry);
  const version = await knownVersion(store, model, wanted);
  const at = { folder: await store.versionFolder(model, version), model, version };
  const manifest = await readManifest(at.folder, model, version);
  await mustBeWritable(at.folder, options);
  const images = await tuneImages(options.images, at.folder, manifest);
  const predictors = commandPredictors('asServed');
  // A version that says that its images run one by one has a reason.
  const fixed = manifest.runtime?.maxBatch === 1 ? 1 : await fixedBatch(at, predictors);
  const settings = grid(fixed === undefined ? options.batches : [fixed]);

  const bar = new SingleBar({ format: '{bar} {value}/{total} | {setting} | {eta_formatted} left', hideCursor: true });
  if (process.stderr.isTTY) bar.start(settings.length * options.rounds, 0, { setting: '' });
  const onSetting = (setting: Setting): void =>
    bar.increment({ setting: `${divisionName(setting)}, batch ${setting.maxBatch}` });
  const measured = await measureGrid(at, settings, { ...options, predictors, images, onSetting }).finally(() =>
    bar.stop(),
  );

  const chosen = choose(measured, options.goal, options.p95);
  const title = `${model} version ${version}, ${options.concurrency} requests at a time, ${availableCpus()} CPUs`;
  if (options.picture !== undefined) await writeFile(options.picture, gridChart(title, measured, chosen));
  const before = manifest.runtime ?? {};
  const runtime = chosen && { ...before, ...asRuntime(chosen) };
  const found = { model, version, goal: options.goal, measured, chosen, before, runtime };
  print(options, found, (wide) => `${title}\n${gridTable(measured, chosen, wide)}`);
  if (!runtime) {
    const least = Math.min(...measured.map(({ p95 }) => p95)).toFixed(1);
    console.error(`eyrie: no setting keeps a p95 of ${options.p95} ms; the lowest is ${least} ms. Nothing was written`);
    process.exitCode = 1;
    return;
  }
  if (!options.dryRun) {
    await writeRuntime(at.folder, model, version, runtime);
    await sayIfSigned(at.folder, model, version);
  }
  if (isForPrograms(options)) return;
  const settled = Object.entries(runtime)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`);
  console.log(`${options.dryRun ? 'best' : 'written'} for ${options.goal}: ${settled.join(', ')}`);
}

/** A signature that was right is so no more. */
async function sayIfSigned(folder: string, model: string, version: number): Promise<void> {
  const names = await readdir(folder);
  if (!names.includes(SIGNATURE_FILE)) return;
  console.error(
    `eyrie: ${SIGNATURE_FILE} does not sign what was written: "models sign ${model} ${version}", where signatures are checked`,
  );
}

/** Before minutes of measuring, not after them. @throws Failure */
async function mustBeWritable(folder: string, { picture, dryRun }: TuneOptions): Promise<void> {
  try {
    // Opened and left as it is.
    if (picture !== undefined) await writeFile(picture, '', { flag: 'a' });
  } catch (error) {
    throw new Failure(`cannot write the picture ${picture}: ${(error as Error).message}`);
  }
  try {
    if (!dryRun) await access(folder, constants.W_OK);
  } catch (error) {
    throw new Failure(`cannot write to ${folder}: ${(error as Error).message}; --dry-run only measures`);
  }
}

function grid(batches: readonly number[]): Setting[] {
  const sizes = [...new Set(batches.map(Math.round))].sort((a, b) => a - b);
  return divisions(availableCpus()).flatMap((division) => sizes.map((maxBatch) => ({ ...division, maxBatch })));
}

/** One single-threaded worker per CPU is what a manifest that names no workers means, on this machine and any other. */
function asRuntime({ workers, threads, maxBatch }: Setting): RuntimeSettings {
  const followsCpus = threads === 1 && workers === availableCpus();
  return { workers: followsCpus ? undefined : workers, threads, maxBatch };
}
