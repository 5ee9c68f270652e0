import { Command } from 'commander';
import { type AddRequest, addVersion } from '#authoring';
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
import { addOnServer } from './add-on-server';
import { addReport } from './add-report';
import { isRouted } from '../registry/stored-policy';
import { sameFile } from './catalog-installed';
import { imagenetLabels } from './imagenet-labels';
import { withModelFlags } from './model-flags';
import { onStep, tryHere } from './try-here';
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
    .addHelpText('after', EXAMPLES);
  const typed = noteTyped(withRegistryOptions(withModelFlags(add)));
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
    if (options.try) await tryHere(requestOf(file, options), options.try, options, interrupt.signal);
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

function requestOf(
  file: string,
  { format: _format, json: _json, try: _try, ...request }: AddCommandOptions,
): AddRequest {
  return { file, imagenetLabels: imagenetLabels(), ...request };
}
