import { Command } from 'commander';
import { PredictorFactory } from '#inference';
import { WORKER_ENTRY } from '#tasks';
import { type AddRequest, addVersion } from '#authoring';
import { FolderStore, routedVersions } from '#registry';
import { print } from '../output/format';
import { parseModelName } from '../parse';
import {
  folderOf,
  type RegistryDefaults,
  type RegistryOptions,
  serverOf,
  withRegistryOptions,
} from '../registry/open-registry';
import {
  parseActivation,
  parseChannels,
  parseCrop,
  parseInputSize,
  parseLayout,
  parseMean,
  parsePreset,
  parseResize,
  parseScale,
  parseStd,
  parseVersion,
} from './add-options';
import { addOnServer } from './add-on-server';
import { addReport } from './add-report';
import { isRouted } from '../registry/stored-policy';
import { sameFile } from './catalog-installed';
import { noteTyped } from './upload-fields';

type AddCommandOptions = Omit<AddRequest, 'file'> & RegistryOptions;

const EXAMPLES = `
What the file says of itself need not be said. A flag overrides the preset.

Examples:
  eyrie models add resnet50.onnx --name resnet50 --preset imagenet --labels imagenet.txt
  eyrie models add flowers.onnx --name flowers --resize exact --mean 0.5 --std 0.5

A server that runs elsewhere takes the same: --server URL --key KEY, or EYRIE_SERVER and EYRIE_KEY.

Exit codes: 0 added, 1 not added, 2 called wrongly, 130 stopped by Ctrl-C. Unless it is 0, the registry is as before.`;

export function addCommand(defaults: RegistryDefaults): Command {
  const add = new Command('add')
    .description('Adds an ONNX image classifier as a new version, once it has proved that it can be served.')
    .argument('<file>', 'the ONNX file')
    .requiredOption('--name <model>', 'name of the model', parseModelName)
    .option('--version <number>', 'number of the version (default: one more than the highest)', parseVersion)
    .option('--labels <file>', 'one label per line (default: class_0, class_1, …)')
    .option('--preset <preset>', 'how images are prepared: imagenet, imagenet-bgr, cifar10 or none', parsePreset)
    .option('--input-size <pixels>', 'side, or width x height, where the file leaves it open', parseInputSize)
    .option('--layout <layout>', 'NCHW or NHWC, where the file leaves it open', parseLayout)
    .option('--channels <order>', 'RGB or BGR', parseChannels)
    .option('--resize <how>', 'shorter-side:PIXELS, exact or pad', parseResize)
    .option('--crop <how>', 'center or none', parseCrop)
    .option('--scale <number>', 'what pixels of 0..255 are multiplied with, such as 1/255', parseScale)
    .option('--mean <numbers>', 'taken off after scaling, per channel', parseMean)
    .option('--std <numbers>', 'what is divided by then, per channel', parseStd)
    .option('--output <name>', 'the output that holds the class scores, where there are several')
    .option('--activation <how>', 'auto, softmax or none', parseActivation)
    .option('--description <text>', 'what people should know of it')
    .option('--license <id>', 'such as Apache-2.0')
    .addHelpText('after', EXAMPLES);
  const typed = noteTyped(withRegistryOptions(add));
  return add.action((file: string, options: AddCommandOptions) => addFile(file, options, defaults, typed));
}

async function addFile(
  file: string,
  options: AddCommandOptions,
  defaults: RegistryDefaults,
  typed: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const server = serverOf(options, defaults);
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal).once('SIGHUP', onSignal);
  try {
    if (server) {
      const added = await addOnServer(server, options.name, file, typed, interrupt.signal);
      const isServed = routedVersions(added.policy).includes(added.manifest.version);
      print(options, added, () => addReport({ ...added, folder: server.server }, isServed));
    } else await addHere(file, options, folderOf(options, defaults), interrupt.signal);
  } catch (error) {
    if (error !== interrupt.signal.reason) throw error;
    console.error('eyrie: interrupted; nothing was added');
    // The worker may still be busy loading; it ends with this process.
    process.exit(130);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
  }
}

async function addHere(file: string, options: AddCommandOptions, registry: string, signal: AbortSignal): Promise<void> {
  const { format, json, ...request } = options;
  const store = await FolderStore.open(registry);
  const predictors = new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: 100_000_000 });
  const onStep = (step: string): void => void (process.stderr.isTTY && console.error(`${step} …`));
  const added = await addVersion(store, { file, ...request }, { predictors, signal, onStep });
  const { manifest, folder, facts } = added;
  const warnings = [...added.warnings, ...(await sameFile(store, manifest))];
  const isServed = await isRouted(store, manifest.name, manifest.version);
  print({ format, json }, { folder, manifest, facts, warnings }, () => addReport({ ...added, warnings }, isServed));
}
