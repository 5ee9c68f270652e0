import { Command } from 'commander';
import { type AddRequest, addVersion, PRESETS, tryPreparations } from '#authoring';
import { FolderStore, routedVersions } from '#registry';
import { print } from '../output/format';
import { UsageError } from '../usage-error';
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
  parseKernel,
  parseLayout,
  parseMean,
  parsePadColor,
  parsePreset,
  parseResize,
  parseScale,
  parseStd,
  parseTask,
  parseThreshold,
  parseTolerance,
  parseVersion,
  TASKS,
} from './add-options';
import { addOnServer } from './add-on-server';
import { addReport } from './add-report';
import { isRouted } from '../registry/stored-policy';
import { sameFile } from './catalog-installed';
import { imagenetLabels } from './imagenet-labels';
import { preparationsReport } from './preparations-report';
import { noteTyped } from './upload-fields';
import { commandPredictors } from '../predictors';

type AddCommandOptions = Omit<AddRequest, 'file' | 'imagenetLabels'> & RegistryOptions & { try?: string[] };

const EXAMPLES = `
What the file says of itself need not be said. A flag overrides the preset.

Examples:
  eyrie models add resnet50.onnx --name resnet50 --preset imagenet --labels imagenet.txt
  eyrie models add flowers.onnx --name flowers --resize exact --mean 0.5 --std 0.5
  eyrie models add flowers.onnx --name flowers --try rose.jpg tulip.jpg
  eyrie models add churn.onnx --name churn --features train.csv --target churned

A server that runs elsewhere takes the same, but for --try: --server URL --key KEY, or EYRIE_SERVER and EYRIE_KEY.

Exit codes: 0 added, 1 not added, 2 called wrongly, 130 stopped by Ctrl-C. Unless it is 0, the registry is as before.`;

export function addCommand(defaults: RegistryDefaults): Command {
  const add = new Command('add')
    .description(
      'Adds an ONNX classifier of images or model of tables as a new version, once it has proved that it can be served.',
    )
    .argument('<file>', 'the ONNX file')
    .requiredOption('--name <model>', 'name of the model', parseModelName)
    .option('--version <number>', 'number of the version (default: one more than the highest)', parseVersion)
    .option('--labels <file>', 'one label per line, or JSON (default: what the file says, or class_0, class_1, …)')
    .option('--preset <preset>', `how images are prepared: ${Object.keys(PRESETS).join(', ')}`, parsePreset)
    .option('--input-size <pixels>', 'side, or width x height, where the file leaves it open', parseInputSize)
    .option('--layout <layout>', 'NCHW or NHWC, where the file leaves it open', parseLayout)
    .option('--channels <order>', 'RGB, BGR, GREY, RGBA or BGRA', parseChannels)
    .option('--resize <how>', 'shorter-side:PIXELS, exact, exact:PIXELS (or WxH, to crop from) or pad', parseResize)
    .option('--kernel <kernel>', 'bilinear, bicubic, lanczos or nearest (default: bilinear)', parseKernel)
    .option(
      '--pad-color <colour>',
      'what --resize pad fills with: 0..255, or red,green,blue (default: 0)',
      parsePadColor,
    )
    .option('--crop <how>', 'center or none', parseCrop)
    .option('--scale <number>', 'what pixels of 0..255 are multiplied with, such as 1/255', parseScale)
    .option('--mean <numbers>', 'taken off after scaling, per channel', parseMean)
    .option('--std <numbers>', 'what is divided by then, per channel', parseStd)
    .option('--output <name>', 'the output that holds the class scores, where there are several')
    .option('--activation <how>', 'auto, softmax, sigmoid or none', parseActivation)
    .option('--multi-label', 'any number of classes may be right for an image')
    .option('--threshold <number>', 'from which score on --multi-label names a class (default: 0.5)', parseThreshold)
    .option('--task <task>', `${TASKS.join(', ')} (default: what the graph looks like)`, parseTask)
    .option(
      '--features <file>',
      'of a table: names of the columns, one per line, as a CSV header, or described in JSON',
    )
    .option('--target <name>', 'of a table: what is predicted, as its column is called')
    .option('--unit <unit>', 'of a regression: in what its values are')
    .option(
      '--tolerance <number>',
      'of a regression: how far apart two versions may be and still agree',
      parseTolerance,
    )
    .option('--try <photos...>', 'print what each preparation makes of these pictures, and add nothing')
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
    if (options.try && server) {
      throw new UsageError('--try runs the model on this machine, and no server is asked: leave --server out');
    }
    if (options.try) await tryHere(file, options, options.try, interrupt.signal);
    else if (server) {
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
  const store = await FolderStore.open(registry);
  const added = await addVersion(store, requestOf(file, options), {
    predictors: commandPredictors('ownFiles'),
    signal,
    onStep,
  });
  const { manifest, folder, facts } = added;
  const warnings = [...added.warnings, ...(await sameFile(store, manifest))];
  const isServed = await isRouted(store, manifest.name, manifest.version);
  print(options, { folder, manifest, facts, warnings }, () => addReport({ ...added, warnings }, isServed));
}

async function tryHere(
  file: string,
  options: AddCommandOptions,
  photos: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const tried = await tryPreparations(requestOf(file, options), photos, {
    predictors: commandPredictors('ownFiles'),
    signal,
    onStep,
  });
  print(options, tried, (wide) => preparationsReport(tried, photos, wide));
}

function requestOf(
  file: string,
  { format: _format, json: _json, try: _try, ...request }: AddCommandOptions,
): AddRequest {
  return { file, imagenetLabels: imagenetLabels(), ...request };
}

function onStep(step: string): void {
  if (process.stderr.isTTY) console.error(`${step} …`);
}
