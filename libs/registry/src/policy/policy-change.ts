import { EyrieError } from '#core';
import type { ModelStore } from '../stores/model-store';
import {
  ALIAS,
  defaultPolicy,
  InvalidPolicyError,
  parsePolicy,
  resolveVersion,
  type Policy,
  type VersionRef,
} from './policy';
import type { PolicyRecord } from './policy-record';
import { isSamePolicy } from './same-policy';
import { shadowOfDefault, withoutShadowsOf } from './shadow-of-default';
import { missingShadow } from './unreachable-guard';

/** What a change makes of a policy; the revision is not its business. */
export type PolicyEdit = (policy: Policy) => unknown;

/** The policy that a change would write, checked, beside the one it replaces. */
export interface PolicyDraft {
  before: Policy;
  record: PolicyRecord;
  /** False where it would write what is written already: then there is no new revision. */
  isChange: boolean;
}

export function setAlias(alias: string, version: number): PolicyEdit {
  if (!ALIAS.test(alias)) {
    throw new EyrieError(
      'INVALID_REQUEST',
      `"${alias}" cannot be an alias: a lower-case letter, then a-z, 0-9, "_", "-"`,
    );
  }
  return (policy) => withDefaultUnshadowed({ ...policy, aliases: { ...policy.aliases, [alias]: version } });
}

/**
 * Lets a version, or an alias, answer everyone. Where the default goes by an alias, a version's number moves that alias.
 * @throws EyrieError CONFLICT while the traffic is split: the default would get none of it
 */
export function setDefault(ref: VersionRef): PolicyEdit {
  return (policy) => {
    if (policy.variants?.length) {
      throw new EyrieError('CONFLICT', 'the traffic is split; promote or abort the canary first, or set a policy');
    }
    const { default: current } = policy;
    if (typeof ref === 'number' && typeof current === 'string') {
      return withDefaultUnshadowed({ ...policy, aliases: { ...policy.aliases, [current]: ref } });
    }
    return withDefaultUnshadowed({ ...policy, default: ref });
  };
}

/** Whoever moves the default in a hurry must not be held up by a shadow that was there to compare with it. */
function withDefaultUnshadowed(policy: Policy): Policy {
  const number = resolveVersion(policy, policy.default);
  return number === undefined ? policy : withoutShadowsOf(policy, number);
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

/** What a change builds on. */
export interface ChangeBasis {
  /** Refuses to build on any other. */
  expectedRevision?: number;
  /** What a model without a policy is served by; by default its highest version. */
  unwritten?: Policy;
}

/**
 * @throws EyrieError INVALID_REQUEST when the result is no valid policy or asks for what cannot happen,
 *   PRECONDITION_FAILED
 */
export async function draftChange(
  store: ModelStore,
  model: string,
  edit: PolicyEdit,
  { expectedRevision, unwritten }: ChangeBasis = {},
): Promise<PolicyDraft> {
  const current = await readCurrent(store, model, unwritten);
  const { before, isWritten } = current;
  requireRevision(before, expectedRevision);
  const policy = checked(edit(before), current);
  refuseNonsense(policy, before);
  const isChange = !isWritten || !isSamePolicy(policy, before);
  return { before, record: { policy, replaces: current.replaces }, isChange };
}

/**
 * The policy of the revision `to`, whatever it is; without it, that of the latest revision before the one in force that
 * has no guard and is not the same. Everything that has one is a step of a canary: to bring that back would give the canary its traffic again,
 * and its guard would go on from there. Of a rollback, "before" is before the revision that it brought back.
 * @throws EyrieError CONFLICT when there is no such revision, PRECONDITION_FAILED
 */
export async function draftRollback(
  store: ModelStore,
  model: string,
  { expectedRevision, unwritten, to }: ChangeBasis & { to?: number } = {},
): Promise<PolicyDraft> {
  const current = await readCurrent(store, model, unwritten);
  const { before, replaces } = current;
  requireRevision(before, expectedRevision);
  const kept = await (to === undefined ? unguardedBefore(store, model, before) : keptRevision(store, model, to));
  const policy = checked(kept.policy, current);
  const isChange = !isSamePolicy(policy, before);
  return { before, record: { policy, restores: kept.restores, replaces }, isChange };
}

async function keptRevision(store: ModelStore, model: string, revision: number): Promise<PolicyRecord> {
  const kept = await readKept(store, model, revision);
  if (!kept) throw new EyrieError('CONFLICT', `revision ${revision} of the policy of ${model} was not kept`);
  return { policy: kept.policy, restores: kept.restores ?? revision };
}

async function unguardedBefore(store: ModelStore, model: string, before: Policy): Promise<PolicyRecord> {
  const { revision } = before;
  const current = await readKept(store, model, revision);
  // Edited by hand under the number that it had: what has been kept under that is the one before.
  const isEdited = current !== null && !isSamePolicy(current.policy, before);
  let number = isEdited ? revision : await revisionBefore(store, model, current?.restores ?? revision);
  let earlier = await readKept(store, model, number);
  const isThere = earlier !== null;
  // To bring back what is in force already would undo nothing.
  const isPassedOver = (policy: Policy): boolean => policy.guard !== undefined || isSamePolicy(policy, before);
  while (earlier && isPassedOver(earlier.policy)) {
    number = earlier.replaces ?? number - 1;
    earlier = await readKept(store, model, number);
  }
  // What a rollback brought back has its place where it was first, or a later one would bring back what that one undid.
  if (earlier) return { policy: earlier.policy, restores: earlier.restores ?? number };
  throw new EyrieError(
    'CONFLICT',
    isThere
      ? `there is no policy without a guard before revision ${revision} to go back to; name a revision, or end the canary`
      : `there is no policy before revision ${revision} to go back to`,
  );
}

async function revisionBefore(store: ModelStore, model: string, revision: number): Promise<number> {
  return (await readKept(store, model, revision))?.replaces ?? revision - 1;
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

interface Current {
  before: Policy;
  /** False for the default of a model that has no policy. */
  isWritten: boolean;
  versions: number[];
  /** Under which revision `before` is kept, and which one comes next. */
  replaces: number;
  next: number;
}

async function readCurrent(store: ModelStore, model: string, unwritten?: Policy): Promise<Current> {
  const versions = await store.listVersions(model);
  try {
    // In this order: see ModelStore.latestRevision.
    const latest = await store.latestRevision(model);
    const stored = await store.readPolicy(model);
    // A change may be there to mend a policy that names a version which is gone.
    const before = stored === null ? (unwritten ?? defaultPolicy(versions)) : parsePolicy(stored, undefined);
    const highest = Math.max(before.revision, latest);
    const kept = await readKept(store, model, before.revision);
    // Edited by hand under a number that another policy has: it gets one of its own, or it could not be brought back.
    const isEdited = kept !== null && !isSamePolicy(kept.policy, before);
    const replaces = isEdited ? highest + 1 : before.revision;
    return { before, isWritten: stored !== null, versions, replaces, next: Math.max(highest, replaces) + 1 };
  } catch (error) {
    if (!(error instanceof InvalidPolicyError)) throw error;
    throw new EyrieError('CONFLICT', `the policy of ${model} must be mended by hand first: ${error.message}`);
  }
}

/** Not where it was there before: whoever takes a canary back must not be told to add something first. */
function refuseNonsense(policy: Policy, before: Policy): void {
  for (const findNonsense of [missingShadow, shadowOfDefault]) {
    const found = findNonsense(policy);
    if (found !== undefined && findNonsense(before) === undefined) throw new EyrieError('INVALID_REQUEST', found);
  }
}

function requireRevision({ revision }: Policy, expected: number | undefined): void {
  if (expected === undefined || expected === revision) return;
  throw new EyrieError('PRECONDITION_FAILED', `the policy is at revision ${revision}, not ${expected}; read it again`);
}

function checked(edited: unknown, { next, versions }: Current): Policy {
  try {
    return parsePolicy({ ...(edited as object), revision: next }, versions);
  } catch (error) {
    if (error instanceof InvalidPolicyError) throw new EyrieError('INVALID_REQUEST', error.message, { cause: error });
    throw error;
  }
}
