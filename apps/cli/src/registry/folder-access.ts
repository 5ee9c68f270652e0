import {
  draftChange,
  draftRollback,
  FolderStore,
  InvalidPolicyError,
  parsePolicy,
  readManifest,
  type Policy,
  type PolicyEdit,
} from '#registry';
import { requireModel } from './known-version';
import type { ListedModel, ModelFacts, RegistryAccess, VersionFacts } from './registry-access';
import { namingPolicy, storedPolicy } from './stored-policy';

/** A registry in a folder. Servers that run on it see a change at their next look. */
export class FolderAccess implements RegistryAccess {
  private constructor(private readonly store: FolderStore) {}

  static async open(folder: string): Promise<FolderAccess> {
    return new FolderAccess(await FolderStore.open(folder));
  }

  async models(): Promise<ListedModel[]> {
    const models: ListedModel[] = [];
    for (const name of (await this.store.listModels()).sort()) {
      const numbers = await this.store.listVersions(name);
      if (numbers.length > 0) models.push(await this.listed(name, numbers));
    }
    return models;
  }

  async model(name: string): Promise<ModelFacts> {
    await requireModel(this.store, name);
    const numbers = await this.store.listVersions(name);
    const policy = await storedPolicy(this.store, name, numbers);
    return { name, policy, versions: await this.versions(name, numbers, policy.aliases) };
  }

  async changePolicy(model: string, edit: PolicyEdit): Promise<Policy> {
    await requireModel(this.store, model);
    await this.requireReadablePolicy(model);
    const { before, record } = await draftChange(this.store, model, edit);
    await this.store.writePolicy(model, record, before);
    return record.policy;
  }

  async rollbackPolicy(model: string, to?: number): Promise<Policy> {
    await requireModel(this.store, model);
    await this.requireReadablePolicy(model);
    const { before, record } = await draftRollback(this.store, model, undefined, to);
    await this.store.writePolicy(model, record, before);
    return record.policy;
  }

  /** A policy that names versions which are gone is no hindrance: a change may be there to mend it. */
  private requireReadablePolicy(model: string): Promise<unknown> {
    return namingPolicy(this.store, model, async () => {
      const stored = await this.store.readPolicy(model);
      return stored === null ? null : parsePolicy(stored, undefined);
    });
  }

  private async listed(name: string, numbers: number[]): Promise<ListedModel> {
    try {
      return await this.model(name);
    } catch (error) {
      if (!(error instanceof InvalidPolicyError)) throw error;
      return { name, problem: error.message, versions: await this.versions(name, numbers, {}) };
    }
  }

  private versions(model: string, numbers: number[], aliases: Policy['aliases']): Promise<VersionFacts[]> {
    return Promise.all(numbers.map((number) => this.version(model, number, aliases)));
  }

  private async version(model: string, number: number, aliases: Policy['aliases']): Promise<VersionFacts> {
    const folder = await this.store.versionFolder(model, number);
    const names = Object.keys(aliases).filter((alias) => aliases[alias] === number);
    try {
      const { description, evaluation } = await readManifest(folder, model, number);
      return { version: number, aliases: names, description, top1: evaluation?.top1 };
    } catch (error) {
      return { version: number, aliases: names, state: 'FAILED', reason: (error as Error).message };
    }
  }
}
