import { join, relative, resolve } from 'node:path';
import { EyrieError } from '#core';
import { MODEL_NAME } from '../versions/manifest';
import { RegistryUnreadableError, type ModelStore } from './model-store';
import type { Policy } from '../policy/policy';
import {
  historyPath,
  keptRevisions,
  readPolicyFile,
  readRecord,
  versionsInHistory,
  type PolicyFolder,
} from '../policy/policy-files';
import type { PolicyRecord } from '../policy/policy-record';
import { finishInterrupted, latestRevision, removeAbandonedDrafts, writePolicyFile } from '../policy/policy-write';
import type { FileCalls, FolderEntry } from './file-calls';
import { passedOverAsModels, passedOverAsVersions, VERSION_NAME, type OnPassedOver } from './passed-over';
import { LOCAL_FILES } from './local-files';
import { isAbandoned, OWN_NAME, ownName } from './owner';
import { readDefaultModel } from './registry-file';
import { finishReplacements } from './replaced-versions';
import { isReadOnly } from './whole-file';

/** What is being removed. */
const REMOVED = new RegExp(`^\\.removed-${OWN_NAME}$`);

/** A registry in a folder: `<model>/<version>/model.json` and `<model>/policy.json`. */
export class FolderStore implements ModelStore {
  /** Models in which nothing is left of writers who were gone when this was opened. */
  private readonly cleared = new Set<string>();

  private constructor(
    private readonly folder: string,
    private target: string,
    readonly files: FileCalls,
  ) {}

  /** Without links. Where `open` was given one, this follows it when the models are listed. */
  get location(): string {
    return this.target;
  }

  /** @throws RegistryUnreadableError when the folder is not there */
  static async open(folder: string, files: FileCalls = LOCAL_FILES): Promise<FolderStore> {
    let location: string;
    try {
      const found = await files.follow(folder);
      location = found.path;
      if (found.kind !== 'folder') throw new Error('it is not a folder');
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not there' : (error as Error).message;
      throw new RegistryUnreadableError(`cannot open the model registry ${folder}: ${why}; set MODEL_REGISTRY`);
    }
    return new FolderStore(resolve(folder), location, files);
  }

  async listModels(onPassedOver?: OnPassedOver): Promise<string[]> {
    try {
      // Whoever deploys by moving a link (git-sync, `ln -sfn`) puts all of a new registry into effect in one step.
      this.target = (await this.files.follow(this.folder)).path;
      const entries = await this.files.list(this.location);
      if (onPassedOver) passedOverAsModels(entries, onPassedOver);
      await this.finishRemovals(entries);
      return await this.folders(
        this.location,
        entries.filter(({ name }) => MODEL_NAME.test(name)),
        onPassedOver,
      );
    } catch (error) {
      const why = `cannot read the model registry ${this.location}: ${(error as Error).message}`;
      throw new RegistryUnreadableError(why, { cause: error });
    }
  }

  async readDefaultModel(): Promise<string | undefined> {
    try {
      return await readDefaultModel(this.files, this.location);
    } catch (error) {
      const why = `cannot read the model registry ${this.location}: ${(error as Error).message}`;
      throw new RegistryUnreadableError(why, { cause: error });
    }
  }

  async listVersions(model: string, onPassedOver?: OnPassedOver): Promise<number[]> {
    const folder = join(this.location, model);
    const entries = await this.files.list(folder);
    if (onPassedOver) passedOverAsVersions(model, entries, onPassedOver);
    const names = await this.folders(
      folder,
      entries.filter(({ name }) => VERSION_NAME.test(name)),
      onPassedOver,
    );
    return names.map(Number).sort((a, b) => a - b);
  }

  versionFolder(model: string, version: number): Promise<string> {
    return Promise.resolve(join(this.location, model, String(version)));
  }

  async versionFingerprint(model: string, version: number): Promise<string> {
    const folder = await this.versionFolder(model, version);
    return this.files.fingerprint(folder);
  }

  async removeVersion(model: string, version: number): Promise<void> {
    await this.remove(join(this.location, model, String(version)));
  }

  removeModel(model: string): Promise<void> {
    return this.remove(join(this.location, model));
  }

  // Renamed first: whoever looks meanwhile sees all of it or nothing.
  private async remove(folder: string): Promise<void> {
    const gone = join(this.location, `.removed-${ownName()}`);
    try {
      await this.files.rename(folder, gone);
      await this.files.removeFolder(gone);
    } catch (error) {
      if (!isReadOnly(error)) throw error;
      throw new EyrieError('REGISTRY_READ_ONLY', `${this.location} cannot be written: ${(error as Error).message}`);
    }
  }

  /** What somebody began to remove who is gone. */
  private async finishRemovals(entries: FolderEntry[]): Promise<void> {
    if (this.cleared.has('')) return;
    this.cleared.add('');
    await finishReplacements(this.files, this.location, entries);
    for (const { name } of entries) {
      const [isOurs, machine, pid] = REMOVED.exec(name) ?? [];
      if (isOurs === undefined) continue;
      const path = join(this.location, name);
      const found = await this.files.follow(path).catch(() => undefined);
      if (!found || !isAbandoned(machine, pid, found.modifiedMs)) continue;
      // Where nothing can be written, it stays.
      await this.files.removeFolder(path).catch(() => undefined);
    }
  }

  /** Links to folders are among them: to leave them out would be silent, and loading them says what is wrong. */
  private async folders(parent: string, entries: FolderEntry[], onPassedOver?: OnPassedOver): Promise<string[]> {
    const names = entries.map(async (entry) => {
      if (entry.kind !== 'link') return entry.kind === 'folder' ? entry.name : undefined;
      const target = await this.files.follow(join(parent, entry.name)).catch(() => undefined);
      if (target?.kind === 'folder') return entry.name;
      const shown = relative(this.location, join(parent, entry.name));
      onPassedOver?.(
        `${shown} is passed over: it is a link that leads to ${target ? 'a file' : 'nothing that is there'}`,
      );
      return undefined;
    });
    return (await Promise.all(names)).filter((name) => name !== undefined);
  }

  readPolicy(model: string): Promise<unknown> {
    return readPolicyFile(this.policyFolder(model));
  }

  readPolicyRecord(model: string, revision: number): Promise<PolicyRecord | null> {
    return readRecord(this.policyFolder(model), revision);
  }

  latestRevision(model: string): Promise<number> {
    return latestRevision(this.policyFolder(model));
  }

  policyRevisions(model: string): Promise<number[]> {
    return keptRevisions(this.policyFolder(model));
  }

  /** Every version that a kept revision of the policy names, be it there or not. */
  versionsInHistory(model: string): Promise<Set<number>> {
    return versionsInHistory(this.policyFolder(model));
  }

  writePolicy(model: string, record: PolicyRecord, before: Policy): Promise<void> {
    return writePolicyFile(this.policyFolder(model), record, before);
  }

  close(): void {
    this.files.close?.();
  }

  async finishInterrupted(model: string, versions: readonly number[]): Promise<number | undefined> {
    const folder = this.policyFolder(model);
    try {
      return await finishInterrupted(folder, versions);
    } catch (error) {
      // Where nothing can be written, whoever can write finishes it.
      if (!isReadOnly(error)) throw error;
      return undefined;
    } finally {
      await this.clearAway(model, versions);
    }
  }

  /** Once: those who are alive clear away what is theirs. */
  private async clearAway(model: string, versions: readonly number[]): Promise<void> {
    if (this.cleared.has(model)) return;
    this.cleared.add(model);
    const folder = this.policyFolder(model);
    const versionFolders = versions.map((version) => join(folder.path, String(version)));
    for (const path of [folder.path, historyPath(folder), ...versionFolders]) await removeAbandonedDrafts(folder, path);
  }

  private policyFolder(model: string): PolicyFolder {
    return { files: this.files, path: join(this.location, model) };
  }
}
