import { EyrieError } from '#inference';
import {
  defaultPolicy,
  draftChange,
  draftRollback,
  FolderStore,
  parsePolicy,
  readManifest,
  type Policy,
  type PolicyEdit,
} from '#registry';
import type { ModelFacts, RegistryAccess, VersionFacts } from './registry-access';

/** A registry in a folder. Servers that run on it see a change at their next look. */
export class FolderAccess implements RegistryAccess {
  private constructor(private readonly store: FolderStore) {}

  static async open(folder: string): Promise<FolderAccess> {
    return new FolderAccess(await FolderStore.open(folder));
  }

  async models(): Promise<ModelFacts[]> {
    const models: ModelFacts[] = [];
    for (const name of (await this.store.listModels()).sort()) {
      if ((await this.store.listVersions(name)).length > 0) models.push(await this.model(name));
    }
    return models;
  }

  async model(name: string): Promise<ModelFacts> {
    await this.requireModel(name);
    const numbers = await this.store.listVersions(name);
    const stored = await this.store.readPolicy(name);
    const policy = stored === null ? defaultPolicy(numbers) : parsePolicy(stored, numbers);
    return { name, policy, versions: await Promise.all(numbers.map((number) => this.version(name, number, policy))) };
  }

  async changePolicy(model: string, edit: PolicyEdit): Promise<Policy> {
    await this.requireModel(model);
    const { before, record } = await draftChange(this.store, model, edit);
    await this.store.writePolicy(model, record, before);
    return record.policy;
  }

  async rollbackPolicy(model: string, to?: number): Promise<Policy> {
    await this.requireModel(model);
    const { before, record } = await draftRollback(this.store, model, undefined, to);
    await this.store.writePolicy(model, record, before);
    return record.policy;
  }

  private async requireModel(name: string): Promise<void> {
    const names = await this.store.listModels();
    if (names.includes(name)) return;
    throw new EyrieError(
      'MODEL_NOT_FOUND',
      `there is no model "${name}"; there are: ${names.sort().join(', ') || 'none'}`,
    );
  }

  private async version(model: string, number: number, { aliases }: Policy): Promise<VersionFacts> {
    const folder = await this.store.versionFolder(model, number);
    const names = Object.keys(aliases).filter((alias) => aliases[alias] === number);
    try {
      const { description, evaluation } = await readManifest(folder, model, number);
      return { version: number, aliases: names, description, top1: evaluation?.top1 };
    } catch (error) {
      return { version: number, aliases: names, reason: (error as Error).message };
    }
  }
}
