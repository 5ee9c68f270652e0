import { join } from 'node:path';
import {
  defaultPolicy,
  type FolderStore,
  InvalidPolicyError,
  parsePolicy,
  routedVersions,
  type Policy,
} from '#registry';

/**
 * The policy in force in a folder, or the one that a model without policy.json has.
 * @param versions those that the model has
 * @throws InvalidPolicyError that names model and file
 */
export function storedPolicy(store: FolderStore, model: string, versions: readonly number[]): Promise<Policy> {
  return namingPolicy(store, model, async () => {
    const stored = await store.readPolicy(model);
    return stored === null ? defaultPolicy(versions) : parsePolicy(stored, versions);
  });
}

/** Whether the policy of a model names a version; one that cannot be read names none. */
export async function isRouted(store: FolderStore, model: string, version: number): Promise<boolean> {
  try {
    const versions = await store.listVersions(model);
    return routedVersions(await storedPolicy(store, model, versions)).includes(version);
  } catch (error) {
    if (error instanceof InvalidPolicyError) return false;
    throw error;
  }
}

/** What a library says of a policy is about its fields; which of many policies it is must be said here. */
export async function namingPolicy<T>(store: FolderStore, model: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InvalidPolicyError)) throw error;
    const file = join(store.location, model, 'policy.json');
    const why = error.message.replace(/^policy\.json /, 'it ');
    throw new InvalidPolicyError(`the policy of ${model} cannot be used; mend ${file}: ${why}`, { cause: error });
  }
}
