import type { Guard, Policy, PolicyEdit } from '#registry';
import { EyrieError } from '#inference';

export interface CanaryStart {
  version: number | string;
  /** Per cent. */
  weight: number;
  /** Without one, nobody moves the weight but people. */
  guard?: Omit<Guard, 'variant'>;
}

export const CANARY = 'canary';
export const CONTROL = 'control';

/** Gives a version a share of the traffic; the default keeps the rest. */
export function startCanary({ version, weight, guard }: CanaryStart): PolicyEdit {
  return (policy) => {
    if (policy.variants?.length) {
      throw new EyrieError('CONFLICT', 'the traffic is split already; abort or promote that canary first');
    }
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

/** Makes the canary's version the default, which gets everything; an alias that the default goes by moves to it. */
export function promoteCanary(policy: Policy): Policy {
  const canary = requireCanary(policy);
  const number = typeof canary.version === 'number' ? canary.version : policy.aliases[canary.version]!;
  const { default: ref } = policy;
  const moved = typeof ref === 'string' ? { aliases: { ...policy.aliases, [ref]: number } } : { default: number };
  return { ...policy, ...moved, variants: undefined, guard: undefined };
}

/** The default gets everything again. */
export function abortCanary(policy: Policy): Policy {
  requireCanary(policy);
  return { ...policy, variants: undefined, guard: undefined };
}

function requireCanary({ variants }: Policy) {
  const canary = variants?.find(({ name }) => name === CANARY);
  if (!canary) throw new EyrieError('CONFLICT', 'there is no canary; start one first');
  return canary;
}
