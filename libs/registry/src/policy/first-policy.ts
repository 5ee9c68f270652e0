import type { ModelStore } from '../stores/model-store';
import { parsePolicy, type Policy } from './policy';
import { draftChange } from './policy-change';

/** What the first version of a model gets: later ones change nothing until somebody moves the alias. */
export function firstPolicy(version: number): Policy {
  return { revision: 1, aliases: { champion: version }, default: 'champion' };
}

/**
 * Gives a model that has no policy the first one.
 * @param served what it has been served by until now; left out, the version that answers where nobody has said anything
 * @returns the policy that it has now, be it this one or one that was there
 * @throws what `draftChange` and `ModelStore.writePolicy` throw; InvalidPolicyError when it has one that cannot be read
 */
export async function writeFirstPolicy(
  store: ModelStore,
  model: string,
  served: Policy | undefined,
  by: string,
): Promise<Policy> {
  const stored = await store.readPolicy(model);
  if (stored !== null) return parsePolicy(stored, undefined);
  const first = (before: Policy): Policy => firstPolicy(before.default as number);
  const { before, record } = await draftChange(store, model, first, { expectedRevision: 0, unwritten: served });
  await store.writePolicy(model, { ...record, by, at: new Date().toISOString() }, before);
  return record.policy;
}
