import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { EyrieError } from '#core';
import { type PredictorFactory } from '#inference';
import {
  firstPolicy,
  type FolderStore,
  InvalidPolicyError,
  InvalidVersionError,
  MODEL_NAME,
  writeFirstPolicy,
} from '#registry';
import { looksLikeTable, type TabularTask } from '../add-table/inspect-table';
import { draftTable, type TableManifest, type TableRequest } from '../add-table/table-draft';
import { proveTable } from '../add-table/table-trial';
import type { ClassifierManifest } from './classifier-manifest';
import type { Draft } from './draft';
import type { Fact } from './facts';
import { draftFor, type DraftRequest } from './draft-for';
import { readModelFile } from './model-file';
import { reviseDraft } from './revise-draft';
import { Staging, versionExists } from './staging';
import { tryOut } from './trial';
import { withoutZipMap } from './zip-map';

export interface AddRequest extends DraftRequest, Omit<TableRequest, 'task'> {
  /** What kind of questions it answers, where the graph does not show. */
  task?: 'image-classification' | TabularTask;
  /** By default one more than the highest that is there or that a revision of the policy names. */
  version?: number;
}

export interface AddOptions {
  predictors: PredictorFactory;
  /** Aborted to give up; nothing is added then. */
  signal?: AbortSignal;
  /** Told what is being done, for people who wait. */
  onStep?: (step: string) => void;
}

export interface AddedVersion {
  manifest: ClassifierManifest | TableManifest;
  /** Where its files lie now. */
  folder: string;
  /** What is known of it, and from where. */
  facts: Fact[];
  /** What somebody should look at, in sentences. */
  warnings: string[];
}

/** As the history of a policy has it. */
const BY = 'models add';
const MAX_VERSION = 999_999_999;

/**
 * Puts an ONNX file, a classifier of images or a model of tables, into a registry as a new version: inspected, completed, written beside the others,
 * tried out in a worker, and only then made visible, whole or not at all.
 *
 * @throws InvalidVersionError when the file cannot be served as asked; EyrieError INVALID_REQUEST, CONFLICT,
 *   REGISTRY_READ_ONLY; the signal's reason. Nothing is left in the registry then.
 */
export async function addVersion(store: FolderStore, request: AddRequest, options: AddOptions): Promise<AddedVersion> {
  const { name, file } = request;
  const version = await chooseVersion(store, name, request.version);
  options.onStep?.(`reading ${file}`);
  const draft = await draftOf({ ...request, version });

  options.signal?.throwIfAborted();
  const staging = await Staging.create(store.location, name, version);
  try {
    await staging.write('model.onnx', draft.bytes);
    const proven = await draft.prove(staging, options);
    options.signal?.throwIfAborted();
    await publish(store, staging, name, version);
    const { manifest, facts, warnings } = proven;
    return { manifest, folder: join(store.location, name, String(version)), facts, warnings };
  } finally {
    await staging.discard();
  }
}

type Proven = Pick<AddedVersion, 'manifest' | 'facts' | 'warnings'>;

/** A version as far as its file and somebody say, and how it is tried out. @throws InvalidVersionError, EyrieError INVALID_REQUEST */
async function draftOf(
  request: AddRequest & { version: number },
): Promise<{ bytes: Uint8Array; prove(staging: DraftFolder, options: AddOptions): Promise<Proven> }> {
  const { file, task } = request;
  const unmapped = withoutZipMap(await readModelFile(file));
  const isTable = task === undefined ? looksLikeTable(unmapped.file.model) : task !== 'image-classification';
  if (!isTable) {
    requireNone(request, TABLE_OPTIONS, 'a model of tables, and this is one of images');
    const { draft, bytes } = await draftFor(request, unmapped);
    return { bytes, prove: (staging, options) => prove(draft, staging, file, options) };
  }
  requireNone(request, IMAGE_OPTIONS, 'a model of images, and this is one of tables');
  const tabular = task === 'image-classification' ? undefined : task;
  const draft = await naming(file, () => draftTable(unmapped, { ...request, task: tabular }));
  const { bytes } = unmapped.file;
  return { bytes, prove: (staging, options) => naming(file, () => proveTable(draft, staging, options)) };
}

const TABLE_OPTIONS = ['features', 'target', 'unit', 'tolerance'] as const;
const IMAGE_OPTIONS = [
  ...([
    'preset',
    'inputSize',
    'layout',
    'channels',
    'resize',
    'kernel',
    'padColor',
    'crop',
    'scale',
    'mean',
    'std',
  ] as const),
  ...(['multiLabel', 'threshold'] as const),
];

/** @throws EyrieError INVALID_REQUEST */
function requireNone(request: AddRequest, options: readonly (keyof AddRequest)[], what: string): void {
  const given = options.find((option) => request[option] !== undefined);
  if (given === undefined) return;
  const flag = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new EyrieError('INVALID_REQUEST', `--${flag} is for ${what}`);
}

async function naming<T>(file: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof InvalidVersionError)) throw error;
    throw new InvalidVersionError(`${file} cannot be added: ${error.message}`, { cause: error });
  }
}

/**
 * A new model has a policy that names this version from the first moment on. One that has versions and no policy gets one that keeps
 * what it is served by: a version that is added changes nothing for anybody.
 */
async function publish(store: FolderStore, staging: Staging, name: string, version: number): Promise<void> {
  const isNew = (await listVersions(store, name)).length === 0;
  if (!isNew) await requirePolicy(store, name);
  await staging.writeBeside('policy.json', `${JSON.stringify(firstPolicy(version), null, 2)}\n`);
  await staging.publish();
  // Where the folder was there, empty, the version alone has been put into it.
  if (isNew) await requirePolicy(store, name);
}

/** One that cannot be read is one: somebody has to mend it. One that comes into being meanwhile is one, too. */
async function requirePolicy(store: FolderStore, name: string): Promise<void> {
  try {
    await writeFirstPolicy(store, name, undefined, BY);
  } catch (error) {
    const isThere = error instanceof EyrieError && error.code === 'PRECONDITION_FAILED';
    if (!isThere && !(error instanceof InvalidPolicyError)) throw error;
  }
}

/** A folder in which a draft is tried out. */
export type DraftFolder = Pick<Staging, 'folder' | 'write'>;

/** Tries the draft out and corrects it until it is right: what is on the disk then is what has been tried out. */
export async function prove(
  draft: Draft,
  staging: DraftFolder,
  file: string,
  { predictors, signal, onStep }: AddOptions,
): Promise<Draft> {
  return naming(file, async () => {
    for (;;) {
      await staging.write('labels.txt', `${draft.labels.join('\n')}\n`);
      await staging.write('model.json', `${JSON.stringify(draft.manifest, null, 2)}\n`);
      signal?.throwIfAborted();
      onStep?.('trying it out in a worker');
      const revised = reviseDraft(draft, await tryOut(staging.folder, draft.manifest, predictors, signal));
      draft = revised.draft;
      if (!revised.tryAgain) return draft;
    }
  });
}

async function chooseVersion(store: FolderStore, name: string, wanted: number | undefined): Promise<number> {
  if (!MODEL_NAME.test(name)) {
    const shown = name.length > 120 ? `${name.slice(0, 120)}…` : name;
    throw new EyrieError(
      'INVALID_REQUEST',
      `${JSON.stringify(shown)} is no name for a model: lower-case letters, digits, ".", "_" and "-", at most 100`,
    );
  }
  if (wanted !== undefined && (!Number.isInteger(wanted) || wanted < 1 || wanted > MAX_VERSION)) {
    throw new EyrieError('INVALID_REQUEST', `${wanted} is no version; give a whole number from 1 to ${MAX_VERSION}`);
  }
  const existing = await listVersions(store, name);
  if (wanted !== undefined) {
    if (existing.includes(wanted)) throw versionExists(name, wanted);
    return wanted;
  }
  // A rollback to a revision that names a removed version must not find another network under its number.
  return Math.max(0, ...existing.slice(-1), ...(await store.versionsInHistory(name))) + 1;
}

async function listVersions(store: FolderStore, name: string): Promise<number[]> {
  try {
    const found = await lstat(join(store.location, name));
    if (!found.isDirectory()) {
      throw new EyrieError('CONFLICT', `${join(store.location, name)} is in the way: it is no folder; remove it`);
    }
    return await store.listVersions(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
