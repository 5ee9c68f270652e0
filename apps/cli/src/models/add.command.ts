import { Command } from 'commander';
import { PredictorFactory } from '#inference';
import { WORKER_ENTRY } from '#tasks';
import { type AddRequest, addVersion, PRESETS, tryPreparations } from '#authoring';
import { FolderStore } from '#registry';
import { parseModelName } from '../parse';
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
  parseThreshold,
  parseVersion,
} from './add-options';
import { addReport } from './add-report';
import { imagenetLabels } from './imagenet-labels';
import { preparationsReport } from './preparations-report';

interface AddCommandOptions extends Omit<AddRequest, 'file'> {
  registry: string;
  try?: string[];
  json?: boolean;
}

const EXAMPLES = `
What the file says of itself need not be said. A flag overrides the preset.

Examples:
  npm run eyrie -- models add resnet50.onnx --name resnet50 --preset imagenet --labels imagenet.txt
  npm run eyrie -- models add flowers.onnx --name flowers --resize exact --mean 0.5 --std 0.5
  npm run eyrie -- models add flowers.onnx --name flowers --try rose.jpg tulip.jpg

Exit codes: 0 added, 1 not added, 2 called wrongly, 130 stopped by Ctrl-C. Unless it is 0, the registry is as before.`;

export function addCommand(registry: string): Command {
  return new Command('add')
    .description('Adds an ONNX image classifier as a new version, once it has proved that it can be served.')
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
    .option('--try <photos...>', 'print what each preparation makes of these pictures, and add nothing')
    .option('--description <text>', 'what people should know of it')
    .option('--license <id>', 'such as Apache-2.0')
    .option('--registry <folder>', 'the model registry', registry)
    .option('--json', 'print what was added as JSON')
    .addHelpText('after', EXAMPLES)
    .action(add);
}

async function add(file: string, options: AddCommandOptions): Promise<void> {
  const { registry, json, try: photos, ...rest } = options;
  const request = { file, imagenetLabels: imagenetLabels(), ...rest };
  const predictors = new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: 100_000_000 });
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal).once('SIGHUP', onSignal);
  try {
    const onStep = (step: string): void => void (process.stderr.isTTY && console.error(`${step} …`));
    if (photos) {
      const tried = await tryPreparations(request, photos, { predictors, signal: interrupt.signal, onStep });
      console.log(json ? JSON.stringify(tried, null, 2) : preparationsReport(tried, photos));
      return;
    }
    const store = await FolderStore.open(registry);
    const added = await addVersion(store, request, { predictors, signal: interrupt.signal, onStep });
    const { manifest, folder, facts, warnings } = added;
    const hasPolicy = (await store.readPolicy(manifest.name).catch(() => true)) !== null;
    console.log(json ? JSON.stringify({ folder, manifest, facts, warnings }, null, 2) : addReport(added, hasPolicy));
  } catch (error) {
    if (error !== interrupt.signal.reason) throw error;
    console.error('eyrie: interrupted; nothing was added');
    // The worker may still be busy loading; it ends with this process.
    process.exit(130);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
  }
}
