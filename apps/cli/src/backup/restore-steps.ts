import { link, mkdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { EyrieError } from '#core';
import {
  draftChange,
  type FolderStore,
  LOCAL_FILES,
  removeAbandoned,
  replacePolicy,
  replaceVersion,
  unfinishedName,
  writeFirstPolicy,
} from '#registry';
import { Failure } from '../failure';
import { copyFile } from './copied-file';
import { currentPolicy } from './policy-files';
import { readPolicy, revisionOf, type Step } from './restore-plan';
import { type BackedUpFile, pathIn, type Snapshot } from './snapshot';

/** How often a policy is tried to be set that others change as well. */
const TRIES = 5;

/**
 * Takes the steps of a restore, one after the other. Each is done whole or not at all, also when this process is killed: whatever a step
 * is about is put beside the models under a name that no reader takes for one, and then into its place.
 */
export class Restore {
  private made = 0;

  private constructor(
    private readonly store: FolderStore,
    private readonly snapshot: Snapshot,
    private readonly signal: AbortSignal,
    private readonly staging: string,
  ) {}

  static async begin(store: FolderStore, snapshot: Snapshot, signal: AbortSignal): Promise<Restore> {
    await removeAbandoned(store.location);
    const staging = join(store.location, unfinishedName('restoring'));
    await mkdir(staging);
    return new Restore(store, snapshot, signal, staging);
  }

  async end(): Promise<void> {
    await rm(this.staging, { recursive: true, force: true }).catch(() => undefined);
  }

  async take(step: Step): Promise<void> {
    this.signal.throwIfAborted();
    const { model, version } = step;
    if (step.what === 'model') await this.moveIn(await this.stage(step.files, `${model}/`), model!);
    else if (step.what === 'version') await this.version(step, model!, version!);
    else if (step.what === 'file') await this.file(step.files[0]!);
    else await this.policy(step, model!);
  }

  private async version({ action, files }: Step, model: string, version: number): Promise<void> {
    const place = `${model}/${version}`;
    const staged = await this.stage(files, `${place}/`);
    if (action === 'replace') return replaceVersion(LOCAL_FILES, this.store.location, { model, version }, staged);
    await this.pinServed(model, version);
    await this.moveIn(staged, place);
  }

  /** A model without a policy is answered by its highest version: one that comes back must not take over by itself. */
  private async pinServed(model: string, version: number): Promise<void> {
    const there = await this.store.listVersions(model);
    if (there.length === 0 || Math.max(...there) > version) return;
    if ((await this.store.readPolicy(model)) === null) await writeFirstPolicy(this.store, model, undefined, author());
  }

  private async file(file: BackedUpFile): Promise<void> {
    const to = join(this.store.location, file.path);
    const staged = await this.stage([file], '');
    await mkdir(dirname(to), { recursive: true });
    await rename(join(staged, file.path), to);
    await LOCAL_FILES.sync(dirname(to));
  }

  /**
   * Over another policy, it becomes the next revision: those of the registry stay, with what came after the backup, and the restore
   * can be undone by a rollback.
   */
  private async policy({ files }: Step, model: string): Promise<void> {
    const { store } = this;
    await store.finishInterrupted(model, await store.listVersions(model));
    for (const file of files) if (revisionOf(file) !== undefined) await this.addRecord(file);
    const file = files.find((one) => revisionOf(one) === undefined);
    if (!file) return;
    for (let tries = 1; ; tries++) {
      try {
        if ((await currentPolicy(store, model)) === undefined) return await this.file(file);
        const policy = await readPolicy(this.snapshot, file, await store.listVersions(model));
        const { before, record, isChange } = await draftChange(store, model, replacePolicy(policy));
        if (isChange) {
          await store.writePolicy(model, { ...record, by: author(), at: new Date().toISOString() }, before);
        }
        return;
      } catch (error) {
        const isOthers = error instanceof EyrieError && error.code === 'PRECONDITION_FAILED';
        if (!isOthers || tries === TRIES) throw error;
      }
    }
  }

  /** A revision that has been kept here stays what it is. */
  private async addRecord(file: BackedUpFile): Promise<void> {
    const staged = await this.stage([file], '');
    const to = join(this.store.location, file.path);
    await mkdir(dirname(to), { recursive: true });
    try {
      await link(join(staged, file.path), to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    await rm(join(staged, file.path));
  }

  private async moveIn(staged: string, path: string): Promise<void> {
    const place = join(this.store.location, path);
    try {
      await rename(staged, place);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
      throw new Failure(`somebody else has added ${path} meanwhile; call it again to compare anew`);
    }
    await LOCAL_FILES.sync(dirname(place));
  }

  /** Copies files out of the backup. @returns the folder that has them, by their paths without the prefix */
  private async stage(files: readonly BackedUpFile[], prefix: string): Promise<string> {
    const folder = join(this.staging, String(++this.made));
    const folders = new Set([folder]);
    await mkdir(folder);
    for (const file of files) {
      const to = join(folder, file.path.slice(prefix.length));
      for (let above = dirname(to); !folders.has(above); above = dirname(above)) folders.add(above);
      await mkdir(dirname(to), { recursive: true });
      const { sha256 } = await copyFile(pathIn(this.snapshot, file), to, this.signal);
      if (sha256 !== file.sha256) throw new Failure(`${file.path} in the backup has changed while it was read`);
    }
    for (const each of folders) await LOCAL_FILES.sync(each);
    return folder;
  }
}

function author(): string {
  return `a restore by the command line on ${hostname()}`;
}
