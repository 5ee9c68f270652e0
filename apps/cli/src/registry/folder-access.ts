import { hostname } from 'node:os';
import {
  draftChange,
  draftRollback,
  FolderStore,
  InvalidPolicyError,
  parsePolicy,
  policyHistory,
  readManifest,
  removeModel,
  removeVersion,
  type Policy,
  type PolicyDraft,
  type PolicyEdit,
  type PolicyRevision,
} from '#registry';
import { requireModel } from './known-version';
import type { ListedModel, Listing, ModelFacts, RegistryAccess, VersionFacts } from './registry-access';
import { namingPolicy, storedPolicy } from './stored-policy';

/** A registry in a folder. Servers that run on it see a change at their next look. */
export class FolderAccess implements RegistryAccess {
  private constructor(private readonly store: FolderStore) {}

  static async open(folder: string): Promise<FolderAccess> {
    return new FolderAccess(await FolderStore.open(folder));
  }

  async listing(): Promise<Listing> {
    const models: ListedModel[] = [];
    const passedOver: string[] = [];
    const note = (sentence: string): void => void passedOver.push(sentence);
    for (const name of (await this.store.listModels(note)).sort()) {
      const numbers = await this.store.listVersions(name, note);
      if (numbers.length > 0) models.push(await this.listed(name, numbers));
      else note(`${name} has no versions, such as ${name}/1 with a model.json, and is no model without`);
    }
    return { models, passedOver };
  }

  async model(name: string): Promise<ModelFacts> {
    await requireModel(this.store, name);
    const numbers = await this.store.listVersions(name);
    const policy = await storedPolicy(this.store, name, numbers);
    return { name, policy, versions: await this.versions(name, numbers, policy.aliases) };
  }

  async changePolicy(model: string, edit: PolicyEdit): Promise<Policy> {
    await this.prepare(model);
    return this.write(model, await draftChange(this.store, model, edit));
  }

  async rollbackPolicy(model: string, to?: number): Promise<Policy> {
    await this.prepare(model);
    return this.write(model, await draftRollback(this.store, model, { to }));
  }

  private async write(model: string, { before, record, isChange }: PolicyDraft): Promise<Policy> {
    if (!isChange) return before;
    await this.store.writePolicy(model, { ...record, by: author(), at: new Date().toISOString() }, before);
    return record.policy;
  }

  private async prepare(model: string): Promise<void> {
    await requireModel(this.store, model);
    await this.store.finishInterrupted(model, await this.store.listVersions(model));
    await this.requireReadablePolicy(model);
  }

  async history(model: string): Promise<PolicyRevision[]> {
    await requireModel(this.store, model);
    await this.requireReadablePolicy(model);
    return policyHistory(this.store, model);
  }

  removeVersion(model: string, version: number): Promise<void> {
    return namingPolicy(this.store, model, () => removeVersion(this.store, model, version));
  }

  removeModel(model: string): Promise<void> {
    return removeModel(this.store, model);
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
      const { description, evaluation, artifact } = await readManifest(folder, model, number);
      return { version: number, aliases: names, description, top1: evaluation?.top1, sha256: artifact.sha256 };
    } catch (error) {
      return { version: number, aliases: names, state: 'FAILED', reason: (error as Error).message };
    }
  }
}

function author(): string {
  return `the command line on ${hostname()}`;
}
