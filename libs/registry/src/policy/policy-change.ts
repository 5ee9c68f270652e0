import { EyrieError } from '#core';
import type { ModelStore } from '../stores/model-store';
import { ALIAS, defaultPolicy, InvalidPolicyError, parsePolicy, type Policy } from './policy';
import type { PolicyRecord } from './policy-files';
import { missingShadow } from './unreachable-guard';

/** What a change makes of a policy; the revision is not its business. */
export type PolicyEdit = (policy: Policy) => unknown;

/** The policy that a change would write, checked, beside the one it replaces. */
export interface PolicyDraft {
  before: Policy;
  record: PolicyRecord;
}

export function setAlias(alias: string, version: number): PolicyEdit {
  if (!ALIAS.test(alias)) {
    throw new EyrieError(
      'INVALID_REQUEST',
      `"${alias}" cannot be an alias: a lower-case letter, then a-z, 0-9, "_", "-"`,
    );
  }
  return (policy) => ({ ...policy, aliases: { ...policy.aliases, [alias]: version } });
}

export function removeAlias(alias: string): PolicyEdit {
  return (policy) => {
    if (!Object.hasOwn(policy.aliases, alias)) {
      throw new EyrieError('VERSION_NOT_FOUND', `there is no alias "${alias}"`);
    }
    const others = Object.entries(policy.aliases).filter(([name]) => name !== alias);
    return { ...policy, aliases: Object.fromEntries(others) };
  };
}

export function replacePolicy(policy: object): PolicyEdit {
  return () => policy;
}

/**
 * @param expectedRevision refuses to build on any other
 * @throws EyrieError INVALID_REQUEST when the result is no valid policy or asks for what cannot happen,
 *   PRECONDITION_FAILED
 */
export async function draftChange(
  store: ModelStore,
  model: string,
  edit: PolicyEdit,
  expectedRevision?: number,
): Promise<PolicyDraft> {
  const { before, versions } = await readCurrent(store, model);
  requireRevision(before, expectedRevision);
  const policy = checked(edit(before), before, versions);
  refuseNonsense(policy, before);
  return { before, record: { policy } };
}

/**
 * The policy of the revision `to`, whatever it is; without it, that of the latest revision before the one in force that
 * has no guard. Everything that has one is a step of a canary: to bring that back would give the canary its traffic again,
 * and its guard would go on from there. Of a rollback, "before" is before the revision that it brought back.
 * @throws EyrieError CONFLICT when there is no such revision, PRECONDITION_FAILED
 */
export async function draftRollback(
  store: ModelStore,
  model: string,
  expectedRevision?: number,
  to?: number,
): Promise<PolicyDraft> {
  const { before, versions } = await readCurrent(store, model);
  requireRevision(before, expectedRevision);
  const { policy, restores } = await (to === undefined
    ? unguardedBefore(store, model, before)
    : keptRevision(store, model, to));
  return { before, record: { policy: checked(policy, before, versions), restores } };
}

async function keptRevision(store: ModelStore, model: string, revision: number): Promise<PolicyRecord> {
  const kept = await readKept(store, model, revision);
  if (!kept) throw new EyrieError('CONFLICT', `revision ${revision} of the policy of ${model} was not kept`);
  return { policy: kept.policy, restores: kept.restores ?? revision };
}

async function unguardedBefore(store: ModelStore, model: string, { revision }: Policy): Promise<PolicyRecord> {
  const current = await readKept(store, model, revision);
  let number = (current?.restores ?? revision) - 1;
  let earlier = await readKept(store, model, number);
  const isThere = earlier !== null;
  while (earlier?.policy.guard) earlier = await readKept(store, model, --number);
  // What a rollback brought back has its place where it was first, or a later one would bring back what that one undid.
  if (earlier) return { policy: earlier.policy, restores: earlier.restores ?? number };
  throw new EyrieError(
    'CONFLICT',
    isThere
      ? `there is no policy without a guard before revision ${revision} to go back to; name a revision, or end the canary`
      : `there is no policy before revision ${revision} to go back to`,
  );
}

/** @throws EyrieError CONFLICT when it was kept and cannot be read */
async function readKept(store: ModelStore, model: string, revision: number): Promise<PolicyRecord | null> {
  try {
    return await store.readPolicyRecord(model, revision);
  } catch (error) {
    if (!(error instanceof InvalidPolicyError)) throw error;
    throw new EyrieError('CONFLICT', `the history of ${model} must be mended by hand first: ${error.message}`, {
      cause: error,
    });
  }
}

async function readCurrent(store: ModelStore, model: string): Promise<{ before: Policy; versions: number[] }> {
  const versions = await store.listVersions(model);
  try {
    const stored = await store.readPolicy(model);
    // A change may be there to mend a policy that names a version which is gone.
    return { before: stored === null ? defaultPolicy(versions) : parsePolicy(stored, undefined), versions };
  } catch (error) {
    if (!(error instanceof InvalidPolicyError)) throw error;
    throw new EyrieError('CONFLICT', `the policy of ${model} must be mended by hand first: ${error.message}`);
  }
}

/** Not where it was there before: whoever takes a canary back must not be told to add something first. */
function refuseNonsense(policy: Policy, before: Policy): void {
  const part = missingShadow(policy);
  if (part !== undefined && missingShadow(before) === undefined) throw new EyrieError('INVALID_REQUEST', part);
}

function requireRevision({ revision }: Policy, expected: number | undefined): void {
  if (expected === undefined || expected === revision) return;
  throw new EyrieError('PRECONDITION_FAILED', `the policy is at revision ${revision}, not ${expected}; read it again`);
}

function checked(edited: unknown, before: Policy, versions: number[]): Policy {
  try {
    return parsePolicy({ ...(edited as object), revision: before.revision + 1 }, versions);
  } catch (error) {
    if (error instanceof InvalidPolicyError) throw new EyrieError('INVALID_REQUEST', error.message, { cause: error });
    throw error;
  }
}
