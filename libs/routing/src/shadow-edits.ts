import { EyrieError } from '#core';
import { type Policy, type PolicyEdit, resolveVersion, type VersionRef } from '#registry';

export interface ShadowStart {
  version: VersionRef;
  /** Of the traffic, how much is copied to it. */
  percent: number;
}

/** Gives a version copies of requests; one that gets some already gets this share from now on. */
export function startShadow({ version, percent }: ShadowStart): PolicyEdit {
  return (policy) => {
    const others = (policy.shadows ?? []).filter((shadow) => !isSame(policy, shadow.version, version));
    return { ...policy, shadows: [...others, { version, percent }] };
  };
}

/** @param version without it, all shadows end @throws EyrieError CONFLICT when there is no such shadow */
export function stopShadow(version?: VersionRef): PolicyEdit {
  return (policy) => {
    const shadows = policy.shadows ?? [];
    const left = shadows.filter((shadow) => version !== undefined && !isSame(policy, shadow.version, version));
    if (left.length < shadows.length) return { ...policy, shadows: left.length > 0 ? left : undefined };
    const some = shadows.map((shadow) => shadow.version).join(', ');
    throw new EyrieError(
      'CONFLICT',
      shadows.length === 0 ? 'there is no shadow' : `version ${version} is no shadow; those that there are: ${some}`,
    );
  };
}

function isSame(policy: Policy, a: VersionRef, b: VersionRef): boolean {
  return a === b || resolveVersion(policy, a) === (resolveVersion(policy, b) ?? NaN);
}
