import { InvalidPolicyError, parsePolicy, type Policy } from './policy';

/** A revision as it is kept: the policy, and how it came about. */
export interface PolicyRecord {
  policy: Policy;
  /** The revision whose policy this one brought back, if it was a rollback. */
  restores?: number;
  /** The revision that it took the place of; releases before this was kept took the one before by number. */
  replaces?: number;
  /** Who made it: `key ops`, `the canary guard`. */
  by?: string;
  /** ISO 8601. */
  at?: string;
}

/** Whether the versions that it names are there is not looked at. @throws InvalidPolicyError */
export function parseRecord(plain: unknown): PolicyRecord {
  if (typeof plain !== 'object' || plain === null || !('policy' in plain)) {
    throw new InvalidPolicyError('it has no policy');
  }
  const { restores, replaces, by, at } = plain as Record<string, unknown>;
  return {
    policy: parsePolicy(plain.policy, undefined),
    ...(restores !== undefined && { restores: revision('restores', restores) }),
    ...(replaces !== undefined && { replaces: revision('replaces', replaces) }),
    // For people: what is no text says nothing.
    ...(typeof by === 'string' && { by }),
    ...(typeof at === 'string' && { at }),
  };
}

function revision(field: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new InvalidPolicyError(`"${field}" must be the number of a revision`);
}
