import { access, mkdir } from 'node:fs/promises';
import { Command } from 'commander';
import { FolderStore, isFull, isReadOnly, LOCAL_FILES } from '#registry';
import { confirm, type ConfirmOptions, YES } from '../confirm';
import { Failure } from '../failure';
import { type OutputOptions, print, withOutputOptions } from '../output/format';
import { parseModelName, parseVersionNumber } from '../parse';
import { folderAlone, type RegistryDefaults } from '../registry/open-registry';
import { UsageError } from '../usage-error';
import { count, ONLY } from './backup.command';
import { readFileDigest } from './copied-file';
import { interruptible } from './interruptible';
import { filesOf, planRestore, type Scope, type Step } from './restore-plan';
import { Restore } from './restore-steps';
import { type BackedUpFile, findSnapshot, FILES, pathIn, type Snapshot } from './snapshot';

interface RestoreOptions extends OutputOptions, ConfirmOptions {
  registry?: string;
  only?: 'policies';
  dryRun?: boolean;
}

export function restoreCommand(defaults: RegistryDefaults): Command {
  const command = new Command('restore')
    .description('Brings back what is in a backup: all of it, a model or a version. What is not in it stays as it is.')
    .argument('<backup>', 'the folder of a backup, or that of several: then it is the newest')
    .argument('[model]', 'only this one', parseModelName)
    .argument('[version]', 'only this version of it, and no policy', parseVersionNumber)
    .addOption(ONLY)
    .option('--dry-run', 'read all of the backup, compare, and say what would be done')
    .option(...YES)
    .option('--registry <folder>', 'the model registry (default: MODEL_REGISTRY, or else ./model-registry)')
    .addHelpText(
      'after',
      '\nExamples:\n  eyrie restore /mnt/backups --dry-run\n  eyrie restore /mnt/backups resnet-cifar10 2' +
        '\n  eyrie restore /mnt/backups/2026-11-27T03-00-00.000Z --registry ./restored' +
        '\n\nThe checksum of every file is compared first. What would take the place of something is asked about.' +
        '\n\nExit codes: 0 restored, 1 not or not all, 2 called wrongly, 130 stopped by a signal.',
    )
    .action((from: string, model: string | undefined, version: number | undefined, options: RestoreOptions) => {
      if (version !== undefined && options.only) throw new UsageError('a version has no policy; leave --only out');
      const registry = folderAlone(options, defaults, 'copies files into a folder');
      const scope = { model, version, policiesOnly: options.only === 'policies' };
      return interruptible('what had been restored by then is there; the rest is as before', (signal) =>
        restore(from, scope, registry, options, signal),
      );
    });
  return withOutputOptions(command);
}

async function restore(
  from: string,
  scope: Scope,
  registry: string,
  options: RestoreOptions,
  signal: AbortSignal,
): Promise<void> {
  const snapshot = await findSnapshot(from, options.only ?? 'all');
  const files = filesOf(snapshot, scope);
  await verify(snapshot, files, signal);
  let store = await openIfThere(registry);
  const { steps, kept } = await planRestore(store, snapshot, files, signal);
  const { dryRun = false } = options;
  if (!dryRun && steps.length > 0) {
    await askAbout(steps, store?.location ?? registry, options);
    store ??= await make(registry);
    await takeAll(steps, store, snapshot, signal);
  }
  const { folder: backup, at } = snapshot;
  const where = store?.location ?? registry;
  const facts = { backup, at, registry: where, verified: files.length, dryRun, kept };
  print(options, { ...facts, steps: steps.map(({ files: own, ...step }) => ({ ...step, files: own.length })) }, () => {
    const lines = [...steps.map((step) => stepLine(step, dryRun)), ...kept.map((what) => `kept      ${what}`)];
    const whole = `${count(files.length, 'file')} of ${backup} ${files.length === 1 ? 'is' : 'are'} whole`;
    const end = steps.length === 0 ? `${where} has all of it` : `${dryRun ? 'would be' : 'are now'} in ${where}`;
    return [...lines, steps.length === 0 ? `${whole}; ${end}` : `${whole}, and ${end}`].join('\n');
  });
}

/** @throws Failure naming what is damaged */
async function verify(snapshot: Snapshot, files: readonly BackedUpFile[], signal: AbortSignal): Promise<void> {
  const bad: string[] = [];
  for (const file of files) {
    const why = await whyBad(snapshot, file, signal);
    if (why !== undefined) bad.push(`${file.path} ${why}`);
  }
  if (bad.length === 0) return;
  const some = bad.slice(0, 5).join('; ');
  const more = bad.length > 5 ? `; and ${bad.length - 5} more` : '';
  throw new Failure(
    `nothing was restored: the backup ${snapshot.folder} is damaged: ${some}${more}. ` +
      'Take an older one, or restore the models that are whole by their names',
  );
}

async function whyBad(snapshot: Snapshot, file: BackedUpFile, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { isInside, kind, path } = await LOCAL_FILES.inside(
      pathIn(snapshot, { path: '.' }),
      pathIn(snapshot, file),
      false,
    );
    if (!isInside || kind !== 'file') return `is no file in ${FILES}/`;
    const { sha256, bytes } = await readFileDigest(path, signal);
    if (bytes !== file.bytes) return `has ${bytes} bytes instead of ${file.bytes}`;
    return sha256 === file.sha256 ? undefined : 'has another SHA-256 than when it was backed up';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined || error === signal.reason) throw error;
    return code === 'ENOENT' ? 'is missing' : `cannot be read: ${message}`;
  }
}

async function openIfThere(registry: string): Promise<FolderStore | undefined> {
  const isThere = await access(registry).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  return isThere ? FolderStore.open(registry) : undefined;
}

async function make(registry: string): Promise<FolderStore> {
  await mkdir(registry).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(`cannot make the folder ${registry}: ${error.message}`);
  });
  return FolderStore.open(registry);
}

async function askAbout(steps: readonly Step[], registry: string, options: RestoreOptions): Promise<void> {
  const replaced = steps.filter(({ action }) => action === 'replace').map(nameOf);
  if (replaced.length === 0) return;
  await confirm(`this puts others in the place of what is in ${registry}: ${replaced.join(', ')}`, options);
}

async function takeAll(
  steps: readonly Step[],
  store: FolderStore,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<void> {
  const done: Step[] = [];
  let work: Restore | undefined;
  try {
    work = await Restore.begin(store, snapshot, signal);
    for (const step of steps) {
      await work.take(step);
      done.push(step);
    }
  } catch (error) {
    if (error === signal.reason) throw error;
    throw new Failure(
      `${done.length === 0 ? 'nothing was restored' : `restored were ${done.map(nameOf).join(', ')}, and then no more`}: ` +
        `${whyNot(error, store.location)}; what is not restored is as it was`,
    );
  } finally {
    await work?.end();
  }
}

function whyNot(error: unknown, registry: string): string {
  if (isFull(error)) return `the disk of ${registry} is full, make room and call it again`;
  const { code, path, message } = error as NodeJS.ErrnoException;
  return isReadOnly(error) ? `${path ?? registry} cannot be written to (${code})` : message;
}

function stepLine(step: Step, dryRun: boolean): string {
  const word = { add: dryRun ? 'add' : 'added', replace: dryRun ? 'replace' : 'replaced' }[step.action];
  return `${word.padEnd(9)} ${nameOf(step)}`;
}

function nameOf({ what, model, version, path, files }: Step): string {
  switch (what) {
    case 'model':
      return `${model}`;
    case 'version':
      return `${model} version ${version}`;
    case 'policy':
      return `the policy of ${model}`;
    case 'revisions':
      return `${count(files.length, 'earlier revision')} of the policy of ${model}`;
    case 'file':
      return path!;
  }
}
