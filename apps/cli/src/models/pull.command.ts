import { rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { EyrieError } from '#core';
import { type AddRequest, addVersion, download, DownloadStopped, readCatalog, type WantedFile } from '#authoring';
import { FolderStore } from '#registry';
import { type OutputOptions, print, withOutputOptions } from '../output/format';
import { parseModelName } from '../parse';
import { folderAlone, type RegistryDefaults } from '../registry/open-registry';
import { UsageError } from '../usage-error';
import { addReport } from './add-report';
import { imagenetLabels } from './imagenet-labels';
import { isRouted } from '../registry/stored-policy';
import { catalogFile } from './catalog-file';
import { installedVersions } from './catalog-installed';
import { withModelFlags } from './model-flags';
import { PullProgress } from './pull-progress';
import { catalogSource, isUrl, type PullSource, urlSource } from './pull-source';
import { commandPredictors } from '../predictors';
import { onStep, tryHere } from './try-here';

interface PullOptions extends OutputOptions, Omit<AddRequest, 'file' | 'name' | 'imagenetLabels' | 'source'> {
  name?: string;
  try?: string[];
  sha256?: string;
  mirror?: string;
  catalog?: string;
  registry: string;
}

const EXAMPLES = `
What has come is kept when a download breaks or is interrupted; the next pull goes on from there. A file is used only
if its SHA-256 is right, and becomes a version only once it has been loaded and has answered.

Examples:
  eyrie models pull resnet50-v1-12
  eyrie models pull resnet50-v1-12 --name resnet50 --mirror https://mirror.example/onnx-models
  eyrie models pull https://host.example/flowers.onnx --sha256 3f03… --labels flowers.txt
  eyrie models pull file:///media/stick/flowers.onnx --name flowers

Exit codes: 0 added or there already, 1 not added, 2 called wrongly, 130 stopped by Ctrl-C.`;

/** @param mirror the base URL to use instead of the catalog's URLs */
export function pullCommand(defaults: RegistryDefaults, mirror?: string): Command {
  const command = new Command('pull')
    .description('Downloads a model and adds it as a new version, once it has proved that it can be served.')
    .argument('<model>', 'a name from "eyrie models catalog", or an https:, http: or file: URL of an ONNX file')
    .option('--name <model>', 'name in the registry (default: the name in the catalog, or of the file)', parseModelName)
    .option('--sha256 <hex>', 'checksum that the file at a URL must have')
    .option('--mirror <url>', 'where the files of the catalog lie by their paths (default: EYRIE_MODEL_MIRROR)')
    .option('--catalog <file>', "another catalog than the registry's or Eyrie's own")
    .option('--registry <folder>', 'the model registry (default: MODEL_REGISTRY, or else ./model-registry)')
    .addHelpText('after', EXAMPLES)
    .action((what: string, options: PullOptions) => {
      const registry = folderAlone(options, defaults, 'downloads into a folder');
      return pull(what, { ...options, registry, mirror: options.mirror ?? mirror });
    });
  return withOutputOptions(withModelFlags(command));
}

async function pull(what: string, options: PullOptions): Promise<void> {
  const store = await FolderStore.open(options.registry);
  const source = await sourceOf(what, options);
  const name = options.name ?? source.name;
  if (name === '') throw new UsageError(`no name can be made of ${what}; give one with --name`);
  if (!options.try && (await isThereAlready(store, name, source, options))) return;

  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal).once('SIGHUP', onSignal);
  try {
    const file = await fetchFile(source.file, store, interrupt.signal);
    await add(store, file, name, source, options, interrupt.signal);
    if (!options.try) await forget(file, store);
  } catch (error) {
    if (!interrupt.signal.aborted || !(error instanceof DownloadStopped || error === interrupt.signal.reason)) {
      throw error;
    }
    console.error('eyrie: interrupted; nothing was added. What has come is kept: pull again to go on from there');
    process.exitCode = 130;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
  }
}

async function sourceOf(what: string, { sha256, mirror, catalog, registry }: PullOptions): Promise<PullSource> {
  if (isUrl(what)) return urlSource(what, sha256);
  if (sha256 !== undefined) throw new UsageError('the catalog knows the checksum; leave --sha256 out');
  return catalogSource(what, await readCatalog(catalogFile(registry, catalog)), mirror);
}

/** Says so, before anything is downloaded. @throws EyrieError CONFLICT when the version is there and another file */
async function isThereAlready(
  store: FolderStore,
  name: string,
  { file }: PullSource,
  { version, ...options }: PullOptions,
): Promise<boolean> {
  if (typeof file === 'string') return false;
  const same = (await installedVersions(store)).get(file.sha256) ?? [];
  const found = same.find((one) => one.model === name && one.version === (version ?? one.version));
  if (!found && version !== undefined && (await store.listVersions(name).catch((): number[] => [])).includes(version)) {
    throw new EyrieError('CONFLICT', `${name} has a version ${version} already, and it is another file`);
  }
  if (found) print(options, found, () => `${name} version ${found.version} is this file already.`);
  return found !== undefined;
}

async function fetchFile(file: WantedFile | string, store: FolderStore, signal: AbortSignal): Promise<string> {
  if (typeof file === 'string') return file;
  const progress = new PullProgress();
  try {
    return await download(file, { folder: downloadsOf(store), signal, observer: progress });
  } finally {
    progress.end();
  }
}

async function add(
  store: FolderStore,
  file: string,
  name: string,
  { about }: PullSource,
  options: PullOptions,
  signal: AbortSignal,
): Promise<void> {
  const predictors = commandPredictors('ownFiles');
  const request = requestOf(file, name, about, options);
  if (options.try) return tryHere(request, options.try, options, signal);
  const added = await addVersion(store, request, { predictors, signal, onStep });
  const { manifest, folder, facts, warnings } = added;
  const isServed = await isRouted(store, manifest.name, manifest.version);
  print(options, { folder, manifest, facts, warnings }, () => addReport(added, isServed));
}

/** Options that say nothing of the model. */
const OF_THE_PULL = new Set(['format', 'json', 'try', 'registry', 'name', 'sha256', 'mirror', 'catalog']);

/** What the user says counts more than what the catalog knows. */
function requestOf(file: string, name: string, about: PullSource['about'], options: PullOptions): AddRequest {
  const said = Object.entries(options).filter(([option, value]) => value !== undefined && !OF_THE_PULL.has(option));
  return { ...about, ...Object.fromEntries(said), file, name, imagenetLabels: imagenetLabels() };
}

/** Begins with a dot, so that no reader of the registry takes it for a model. */
function downloadsOf(store: FolderStore): string {
  return join(store.location, '.downloads');
}

/** The registry has its own copy now. A file that the user keeps elsewhere is left alone. */
async function forget(file: string, store: FolderStore): Promise<void> {
  if (dirname(file) !== downloadsOf(store)) return;
  await rm(file, { force: true });
  await rmdir(downloadsOf(store)).catch(() => undefined); // another download may still be in there
}
