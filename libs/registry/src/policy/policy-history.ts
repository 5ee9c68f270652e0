import type { ModelStore } from '../stores/model-store';
import { InvalidPolicyError, parsePolicy, type Policy } from './policy';
import type { PolicyRecord } from './policy-record';

/** A revision of a policy as it was kept, or why it cannot be read any more. */
export type PolicyRevision = { revision: number } & (PolicyRecord | { policy?: undefined; problem: string });

/** The revisions of a model's policy that were kept, newest first, with the one in force, should somebody have written it by hand. */
export async function policyHistory(store: ModelStore, model: string): Promise<PolicyRevision[]> {
  const numbers = await store.policyRevisions(model);
  const kept = await Promise.all(numbers.map((revision) => readRevision(store, model, revision)));
  const current = await readCurrent(store, model);
  const isKept = current === undefined || numbers.includes(current.revision);
  const all = isKept ? kept : [...kept, { revision: current.revision, policy: current }];
  return all.sort((a, b) => b.revision - a.revision);
}

/** undefined where there is none, or one that has to be mended, which those say who read it to use it. */
async function readCurrent(store: ModelStore, model: string): Promise<Policy | undefined> {
  try {
    const stored = await store.readPolicy(model);
    return stored === null ? undefined : parsePolicy(stored, undefined);
  } catch (error) {
    if (!(error instanceof InvalidPolicyError)) throw error;
    return undefined;
  }
}

async function readRevision(store: ModelStore, model: string, revision: number): Promise<PolicyRevision> {
  try {
    const record = await store.readPolicyRecord(model, revision);
    return record ? { revision, ...record } : { revision, problem: 'it has been removed' };
  } catch (error) {
    if (!(error instanceof InvalidPolicyError)) throw error;
    return { revision, problem: error.message };
  }
}
