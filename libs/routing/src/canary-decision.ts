import type { CanaryRules, Policy, Variant } from '#registry';
import type { Comparison, WindowSummary } from './canary-evidence';
import { FEW } from './witnesses';

/** What has been seen of a canary. */
export interface CanaryEvidence extends Comparison {
  /** Of a shadow of the canary's version with what clients got, since the canary began. */
  comparisons: number;
  /** Share of them with another best class, 0..1. */
  disagreement: number;
}

/** The numbers that a decision is made of; they go into the event, too. The evidence is without those who say most. */
export interface CanaryFigures extends CanaryEvidence {
  /** Weight of the guarded variant now, per cent. */
  weight: number;
  /** How long it has had this weight, seconds. */
  stepAge: number;
  /** As it was, whoever sent it. */
  all: CanaryEvidence;
  /** It is of one sender alone, who may have chosen what to ask. */
  isSole: boolean;
}

export type CanaryDecision =
  | { action: 'hold'; reason: string }
  | { action: 'promote'; weight: number; reason: string }
  | { action: 'roll-back'; weight: 0; reason: string };

/** Standard deviations, by which a canary fails more often than others that fail too often as well. */
const WORSE_BEYOND_CHANCE = 5;
/** The guard looks every second, so a healthy canary must be safe from many thousands of looks. */
const EARLY_CHANCE = 1e-6;

/**
 * Back to 0 as soon as there is evidence against the canary; one step up when it has been healthy for a whole step;
 * otherwise nothing.
 */
export function decide(guard: CanaryRules, input: CanaryFigures): CanaryDecision {
  const { weight, canary, others } = input;
  if (weight <= 0) return { action: 'hold', reason: 'the variant has no traffic, and only people give it any again' };
  const fault = findFault(guard, input);
  if (fault) return { action: 'roll-back', weight: 0, reason: fault };
  const next = [...guard.steps].sort((a, b) => a - b).find((step) => step > weight);
  const doubt = whatIsInDoubt(guard, input);
  if (doubt) return { action: 'hold', reason: doubt };
  if (next === undefined) return { action: 'hold', reason: 'the last step is reached' };
  const missing = whatIsMissing(guard, input);
  if (missing.length > 0) return { action: 'hold', reason: missing.join('; ') };
  const compared = others.p95 === null ? '' : `, p95 ${ms(canary.p95)} against ${ms(others.p95)}`;
  return { action: 'promote', weight: next, reason: `healthy: error rate ${percent(canary.errorRate)}${compared}` };
}

/** What speaks against the canary, but is not enough to take it back; undefined when there is nothing. */
function whatIsInDoubt(guard: CanaryRules, { canary, others, all }: CanaryFigures): string | undefined {
  const fault = findFault(guard, all);
  if (fault) return `${fault}; but not without the one sender who says most of it`;
  if (canary.requests < guard.min_requests || canary.errorRate <= guard.max_error_rate) return undefined;
  return `error rate ${percent(canary.errorRate)}, but the others have ${percent(others.errorRate)}`;
}

/** Before the next step; empty when there is nothing. */
function whatIsMissing(guard: CanaryRules, { stepAge, canary, comparisons, all, isSole }: CanaryFigures): string[] {
  const missing: string[] = [];
  if (stepAge < guard.step_s) missing.push(`the step has lasted ${Math.floor(stepAge)} of ${guard.step_s} s`);
  if (canary.requests < guard.min_requests) {
    const without = all.canary.requests - canary.requests;
    const whose = without > 0 ? `, without ${without} of those who send most` : '';
    missing.push(`${canary.requests} of ${guard.min_requests} requests in the last ${guard.window_s} s${whose}`);
  }
  if (guard.max_disagreement !== undefined && comparisons < guard.min_requests) {
    missing.push(`${comparisons} of ${guard.min_requests} comparisons with a shadow of the same version`);
  }
  if (isSole && missing.length === 0) missing.push('all that is known is from one sender; another one is needed');
  return missing;
}

function findFault(
  guard: CanaryRules,
  { canary, others, comparisons, disagreement }: CanaryEvidence,
): string | undefined {
  if (
    guard.max_disagreement !== undefined &&
    comparisons >= guard.min_requests &&
    disagreement > guard.max_disagreement
  ) {
    return `disagrees on ${percent(disagreement)} of ${comparisons} images; ${percent(guard.max_disagreement)} are allowed`;
  }
  if (canary.requests < guard.min_requests) {
    if (!failsBeyondChance(guard, canary) || !failsMore(guard, canary, others)) return undefined;
    return `error rate ${percent(canary.errorRate)} in ${canary.requests} requests; ${percent(guard.max_error_rate)} is allowed`;
  }
  if (canary.errorRate > guard.max_error_rate && failsMore(guard, canary, others)) {
    return `error rate ${percent(canary.errorRate)}; ${percent(guard.max_error_rate)} is allowed`;
  }
  const comparable = canary.p95 !== null && others.p95 !== null && others.requests >= FEW;
  if (comparable && canary.p95! > others.p95! * guard.max_p95_ratio) {
    return `p95 ${ms(canary.p95)} against ${ms(others.p95)} of the others; ${guard.max_p95_ratio} times is allowed`;
  }
  return undefined;
}

/**
 * Whether so many failures among too few requests are no accident. Chernoff's bound: were each request to fail with the
 * probability that is allowed, a share of `errorRate` or more would have a chance of exp(-requests * divergence) at most.
 */
function failsBeyondChance({ max_error_rate: allowed }: CanaryRules, { requests, errorRate }: WindowSummary): boolean {
  if (requests < FEW || errorRate <= allowed) return false;
  const successes = errorRate < 1 ? (1 - errorRate) * Math.log((1 - errorRate) / (1 - allowed)) : 0;
  const divergence = errorRate * Math.log(errorRate / allowed) + successes;
  return Math.exp(-requests * divergence) < EARLY_CHANCE;
}

/**
 * Whether failures are the canary's own: where the others fail too often as well, somebody sends what fails anywhere, or the machine
 * is at fault, and only a difference that is no accident speaks against the canary (two-proportion z-test, pooled).
 */
function failsMore({ max_error_rate: allowed }: CanaryRules, canary: WindowSummary, others: WindowSummary): boolean {
  if (others.requests < FEW || others.errorRate <= allowed) return true;
  const failed = canary.errorRate * canary.requests + others.errorRate * others.requests;
  const pooled = failed / (canary.requests + others.requests);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / canary.requests + 1 / others.requests));
  return canary.errorRate - others.errorRate > WORSE_BEYOND_CHANCE * deviation;
}

/** The policy with the variant at `weight` and the others sharing the rest as they did before. */
export function withWeight(policy: Policy, name: string, weight: number): Policy {
  const others = (policy.variants ?? []).filter((variant) => variant.name !== name);
  const total = others.reduce((sum, variant) => sum + variant.weight, 0);
  const share = (variant: Variant): number => {
    if (variant.name === name) return weight;
    // Nothing left to keep the ratio of: the first of the others takes it all.
    if (total === 0) return variant === others[0] ? 100 - weight : 0;
    return ((100 - weight) * variant.weight) / total;
  };
  return { ...policy, variants: policy.variants?.map((variant) => ({ ...variant, weight: share(variant) })) };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}

function ms(value: number | null): string {
  return value === null ? 'unknown' : `${value.toFixed(1)} ms`;
}
