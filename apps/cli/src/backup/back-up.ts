import { mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FolderStore, isFull, unfinishedName } from '#registry';
import { Failure } from '../failure';
import { packageVersion } from '../package-root';
import { type BackedUpModel, backUpModel } from './back-up-model';
import { filesIn } from './registry-files';
import { type Content, snapshotsIn } from './snapshot';
import { SnapshotWriter } from './snapshot-writer';

export interface BackupRequest {
  registry: string;
  /** The folder in which backups are kept; it may be made, what it lies in must be there. */
  to: string;
  content: Content;
  /** How many backups with this content there may be afterwards. */
  keep?: number;
  signal: AbortSignal;
  /** Told of what is in the backup and no good, and of what cannot be in it. */
  warn: (sentence: string) => void;
}

export interface TakenBackup {
  /** Its folder. */
  backup: string;
  at: string;
  content: Content;
  models: BackedUpModel[];
  files: number;
  bytes: number;
  /** Of `bytes`, what the backup before did not have. */
  copied: number;
  /** Older backups that have been removed for it. */
  removed: string[];
}

/**
 * Backs up a registry that may be in use: each model as it is at one moment.
 * @throws Failure, RegistryUnreadableError, the signal's reason: there is no new backup then
 */
export async function backUp(request: BackupRequest): Promise<TakenBackup> {
  const store = await FolderStore.open(request.registry);
  let writer: SnapshotWriter | undefined;
  let taken: Omit<TakenBackup, 'removed'>;
  const backups = await backupFolder(request.to, store.location);
  try {
    writer = await SnapshotWriter.create(backups, request.signal);
    taken = await write(store, writer, request);
  } catch (error) {
    await writer?.discard();
    throw explain(error, backups);
  }
  return { ...taken, removed: await removeOlder(backups, request, taken.backup) };
}

async function write(
  store: FolderStore,
  writer: SnapshotWriter,
  { content, warn }: BackupRequest,
): Promise<Omit<TakenBackup, 'removed'>> {
  const at = new Date().toISOString();
  const names = (await store.listModels()).sort();
  const models: BackedUpModel[] = [];
  for (const model of names) {
    const found = await backUpModel(store, writer, model, content, warn);
    if (found) models.push(found);
  }
  // What is nothing today may be a volume that is not mounted: it must take the place of no older backup.
  if (!models.some(({ versions }) => content === 'policies' || versions.length > 0)) {
    const what = content === 'policies' ? 'no model with a policy' : 'no version of a model';
    throw new Failure(`no backup was made: there is ${what} in ${store.location}`);
  }
  const isBeside = (path: string): boolean =>
    content === 'policies' ? path === 'registry.json' : !names.includes(path);
  for (const file of await filesIn(store.location, '', warn, isBeside)) await writer.add(file);
  const bytes = writer.all.reduce((total, file) => total + file.bytes, 0);
  const backup = await writer.finish({ at, content, version: packageVersion(), registry: store.location });
  return { backup, at, content, models, files: writer.all.length, bytes, copied: writer.copied };
}

/** @param registry without links @returns the folder without links @throws Failure */
async function backupFolder(to: string, registry: string): Promise<string> {
  const found = await stat(to).catch(() => undefined);
  if (found && !found.isDirectory()) throw new Failure(`${to} is a file; backups are kept in a folder`);
  const folder = found ? await realpath(to) : join(await parentOf(to), basename(resolve(to)));
  if (join(folder, '/').startsWith(join(registry, '/'))) {
    throw new Failure(`${to} lies in the registry ${registry}, and would be lost with it; choose a folder elsewhere`);
  }
  if (!found) await mkdir(folder).catch((error: unknown) => Promise.reject(explain(error, folder)));
  return folder;
}

async function parentOf(folder: string): Promise<string> {
  const parent = dirname(resolve(folder));
  return realpath(parent).catch(() => {
    throw new Failure(`there is no folder ${parent} in which ${basename(folder)} could be made`);
  });
}

/** @returns the folders that are gone @throws Failure */
async function removeOlder(backups: string, { content, keep }: BackupRequest, taken: string): Promise<string[]> {
  if (keep === undefined) return [];
  const removed: string[] = [];
  try {
    const others = (await snapshotsIn(backups, content)).filter((folder) => folder !== taken);
    for (const folder of others.slice(keep - 1)) {
      // Renamed first: half of a backup must not look like one.
      const gone = join(backups, unfinishedName('backing-up'));
      const isOurs = await rename(folder, gone).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          // Another one that has just been made with the same words was faster.
          if (error.code === 'ENOENT') return false;
          throw error;
        },
      );
      if (!isOurs) continue;
      removed.push(folder);
      await rm(gone, { recursive: true });
    }
  } catch (error) {
    throw new Failure(`${taken} is made, but what is older could not be removed: ${(error as Error).message}`);
  }
  return removed;
}

function explain(error: unknown, folder: string): unknown {
  if (isFull(error)) return new Failure(`no backup was made: the disk of ${folder} is full; make room`);
  const { code, message } = error as NodeJS.ErrnoException;
  // Those of the file system have a code, and say what they are about.
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? new Failure(`no backup was made: ${message}`) : error;
}
