import { resolveVersion, withoutShadowsOf, type CanaryRules, type Policy, type PolicyEdit } from '#registry';
import { EyrieError } from '#core';

export interface CanaryStart {
  version: number | string;
  /** Per cent. */
  weight: number;
  /** Without one, nobody moves the weight but people. */
  guard?: Omit<CanaryRules, 'variant'>;
}

/** What a guard goes by where nothing else is said. */
export const USUAL_RULES: Omit<CanaryRules, 'variant'> = {
  window_s: 60,
  min_requests: 100,
  max_error_rate: 0.02,
  max_p95_ratio: 1.5,
  steps: [5, 25, 50, 100],
  step_s: 300,
};

export const CANARY = 'canary';
export const CONTROL = 'control';

/**
 * Gives a version a share of the traffic; the default keeps the rest.
 * @throws EyrieError CONFLICT when the traffic is split already, INVALID_REQUEST when nothing would come of it
 */
export function startCanary({ version, weight, guard }: CanaryStart): PolicyEdit {
  return (policy) => {
    if (policy.variants?.length) {
      throw new EyrieError('CONFLICT', 'the traffic is split already; abort or promote that canary first');
    }
    refuseDefault(policy, version);
    if (guard) refuseIdleGuard(weight, guard.steps);
    return {
      ...policy,
      variants: [
        { name: CONTROL, version: policy.default, weight: 100 - weight },
        { name: CANARY, version, weight },
      ],
      guard: guard && { variant: CANARY, ...guard },
    };
  };
}

function refuseDefault(policy: Policy, version: number | string): void {
  const number = resolveVersion(policy, version);
  if (number === undefined || number !== resolveVersion(policy, policy.default)) return;
  throw new EyrieError(
    'INVALID_REQUEST',
    `version ${number} is the default and gets everything already; name the version to try beside it`,
  );
}

/** A last step equal to the weight is no mistake: the guard then watches, and raises nothing. */
function refuseIdleGuard(weight: number, steps: readonly number[]): void {
  if (weight <= 0) {
    throw new EyrieError(
      'INVALID_REQUEST',
      'a canary of 0% is never asked, so its guard would never raise it; give it a weight, or no guard',
    );
  }
  if (Math.max(...steps) >= weight) return;
  throw new EyrieError(
    'INVALID_REQUEST',
    `no step is above the weight of ${weight}%, so the canary would stay there; add one, such as 100, or begin lower`,
  );
}

/**
 * Makes the canary's version the default, which gets everything; an alias that the default goes by moves to it. Its shadow goes:
 * it was there to compare it with the default. @throws EyrieError CONFLICT
 */
export function promoteCanary(policy: Policy): Policy {
  const canary = requireCanary(policy);
  if (canary.weight <= 0) {
    throw new EyrieError(
      'CONFLICT',
      'the canary has no traffic; if its guard has taken it back, "canary status" says why: abort it, and start another one',
    );
  }
  const number = resolveVersion(policy, canary.version)!;
  const { default: ref } = policy;
  const moved = typeof ref === 'string' ? { aliases: { ...policy.aliases, [ref]: number } } : { default: number };
  return { ...withoutShadowsOf(policy, number), ...moved, variants: undefined, guard: undefined };
}

/** The default gets everything again, and the canary's version is no shadow any more. @throws EyrieError CONFLICT */
export function abortCanary(policy: Policy): Policy {
  const { version } = requireCanary(policy);
  return withoutShadowsOf(abortCanaryKeepingShadow(policy), resolveVersion(policy, version)!);
}

/** The same, but what has been a shadow stays one. @throws EyrieError CONFLICT */
export function abortCanaryKeepingShadow(policy: Policy): Policy {
  requireCanary(policy);
  return { ...policy, variants: undefined, guard: undefined };
}

function requireCanary({ variants }: Policy) {
  const canary = variants?.find(({ name }) => name === CANARY);
  if (!canary) throw new EyrieError('CONFLICT', 'there is no canary; start one first');
  return canary;
}
