import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EyrieError } from '#core';
import { MODEL_NAME } from '../versions/manifest';
import { RegistryUnreadableError, type ModelStore } from './model-store';
import type { Policy } from '../policy/policy';
import {
  listRevisions,
  readPolicyFile,
  readRecord,
  versionsInHistory,
  writePolicyFile,
  type PolicyRecord,
} from '../policy/policy-files';
import { readDefaultModel } from './registry-file';
import { isReadOnly } from './whole-file';

/** A registry in a folder: `<model>/<version>/model.json` and `<model>/policy.json`. */
export class FolderStore implements ModelStore {
  private constructor(
    private readonly folder: string,
    private target: string,
  ) {}

  /** Without links. Where `open` was given one, this follows it when the models are listed. */
  get location(): string {
    return this.target;
  }

  /** @throws RegistryUnreadableError when the folder is not there */
  static async open(folder: string): Promise<FolderStore> {
    let location: string;
    try {
      location = await realpath(folder);
      if (!(await stat(location)).isDirectory()) throw new Error('it is not a folder');
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not there' : (error as Error).message;
      throw new RegistryUnreadableError(`cannot open the model registry ${folder}: ${why}; set MODEL_REGISTRY`);
    }
    return new FolderStore(resolve(folder), location);
  }

  async listModels(): Promise<string[]> {
    try {
      // Whoever deploys by moving a link (git-sync, `ln -sfn`) puts all of a new registry into effect in one step.
      this.target = await realpath(this.folder);
      const entries = await readdir(this.location, { withFileTypes: true });
      return await this.folders(
        this.location,
        entries.filter(({ name }) => MODEL_NAME.test(name)),
      );
    } catch (error) {
      throw new RegistryUnreadableError(`cannot read the model registry ${this.location}: ${(error as Error).message}`);
    }
  }

  async readDefaultModel(): Promise<string | undefined> {
    try {
      return await readDefaultModel(this.location);
    } catch (error) {
      throw new RegistryUnreadableError(`cannot read the model registry ${this.location}: ${(error as Error).message}`);
    }
  }

  async listVersions(model: string): Promise<number[]> {
    const folder = join(this.location, model);
    const entries = await readdir(folder, { withFileTypes: true });
    const names = await this.folders(
      folder,
      entries.filter(({ name }) => /^[1-9]\d{0,8}$/.test(name)),
    );
    return names.map(Number).sort((a, b) => a - b);
  }

  versionFolder(model: string, version: number): Promise<string> {
    return Promise.resolve(join(this.location, model, String(version)));
  }

  async versionFingerprint(model: string, version: number): Promise<string> {
    const folder = await this.versionFolder(model, version);
    const names = (await readdir(folder, { recursive: true })).sort();
    const facts = names.map(async (name) => {
      const { size, mtimeMs, ctimeMs } = await lstat(join(folder, name));
      return `${name} ${size} ${mtimeMs} ${ctimeMs}`;
    });
    return (await Promise.all(facts)).join('\n');
  }

  async removeVersion(model: string, version: number): Promise<void> {
    await this.remove(join(this.location, model, String(version)));
  }

  removeModel(model: string): Promise<void> {
    return this.remove(join(this.location, model));
  }

  // Renamed first: whoever looks meanwhile sees all of it or nothing.
  private async remove(folder: string): Promise<void> {
    const gone = join(this.location, `.removed-${randomBytes(6).toString('hex')}`);
    try {
      await rename(folder, gone);
      await rm(gone, { recursive: true });
    } catch (error) {
      if (!isReadOnly(error)) throw error;
      throw new EyrieError('REGISTRY_READ_ONLY', `${this.location} cannot be written: ${(error as Error).message}`);
    }
  }

  /** Links to folders are among them: to leave them out would be silent, and loading them says what is wrong. */
  private async folders(parent: string, entries: Dirent[]): Promise<string[]> {
    const names = entries.map(async (entry) => {
      if (entry.isDirectory()) return entry.name;
      if (!entry.isSymbolicLink()) return undefined;
      const target = await stat(join(parent, entry.name)).catch(() => undefined);
      return target?.isDirectory() ? entry.name : undefined;
    });
    return (await Promise.all(names)).filter((name) => name !== undefined);
  }

  readPolicy(model: string): Promise<unknown> {
    return readPolicyFile(join(this.location, model));
  }

  readPolicyRecord(model: string, revision: number): Promise<PolicyRecord | null> {
    return readRecord(join(this.location, model), revision);
  }

  policyRevisions(model: string): Promise<number[]> {
    return listRevisions(join(this.location, model));
  }

  /** Every version that a kept revision of the policy names, be it there or not. */
  versionsInHistory(model: string): Promise<Set<number>> {
    return versionsInHistory(join(this.location, model));
  }

  writePolicy(model: string, record: PolicyRecord, before: Policy): Promise<void> {
    return writePolicyFile(join(this.location, model), record, before);
  }
}
