import { EyrieError } from '#core';
import type { PolicyEdit } from '#registry';
import { withWeight } from './canary-decision';
import { CANARY } from './canary-edits';

/**
 * Gives the canary another share of the traffic; the others share the rest as they did before. A guard goes on from there.
 * @param weight per cent
 * @throws EyrieError CONFLICT when there is no canary
 */
export function setCanaryWeight(weight: number): PolicyEdit {
  return (policy) => {
    if (policy.variants?.some(({ name }) => name === CANARY)) return withWeight(policy, CANARY, weight);
    throw new EyrieError('CONFLICT', 'there is no canary; start one first');
  };
}
