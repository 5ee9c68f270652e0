import type { CanaryRules, Policy, Variant } from '#registry';
import type { WindowSummary } from './outcome-window';

/** The numbers that a decision is made of; they go into the event, too. */
export interface CanaryFigures {
  /** Weight of the guarded variant now, per cent. */
  weight: number;
  /** How long it has had this weight, seconds. */
  stepAge: number;
  canary: WindowSummary;
  /** All other variants together. */
  others: WindowSummary;
  /** Comparisons of a shadow of the canary's version with what clients got, since the canary began. */
  comparisons: number;
  /** Share of them with another best class, 0..1. */
  disagreement: number;
}

export type CanaryDecision =
  | { action: 'hold'; reason: string }
  | { action: 'promote'; weight: number; reason: string }
  | { action: 'roll-back'; weight: 0; reason: string };

/** Fewer latencies of the others than this say nothing about what is normal. */
const MIN_OTHERS = 20;
/** Failures often come several at once, as when a worker is lost; fewer requests than this say nothing, whatever became of them. */
const MIN_EARLY = 20;
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
  if (next === undefined) return { action: 'hold', reason: 'the last step is reached' };
  const missing = whatIsMissing(guard, input);
  if (missing.length > 0) return { action: 'hold', reason: missing.join('; ') };
  const compared = others.p95 === null ? '' : `, p95 ${ms(canary.p95)} against ${ms(others.p95)}`;
  return { action: 'promote', weight: next, reason: `healthy: error rate ${percent(canary.errorRate)}${compared}` };
}

/** Before the next step; empty when there is nothing. */
function whatIsMissing(guard: CanaryRules, { stepAge, canary, comparisons }: CanaryFigures): string[] {
  const missing: string[] = [];
  if (stepAge < guard.step_s) missing.push(`the step has lasted ${Math.floor(stepAge)} of ${guard.step_s} s`);
  if (canary.requests < guard.min_requests) {
    missing.push(`${canary.requests} of ${guard.min_requests} requests in the last ${guard.window_s} s`);
  }
  if (guard.max_disagreement !== undefined && comparisons < guard.min_requests) {
    missing.push(`${comparisons} of ${guard.min_requests} comparisons with a shadow of the same version`);
  }
  return missing;
}

function findFault(
  guard: CanaryRules,
  { canary, others, comparisons, disagreement }: CanaryFigures,
): string | undefined {
  if (
    guard.max_disagreement !== undefined &&
    comparisons >= guard.min_requests &&
    disagreement > guard.max_disagreement
  ) {
    return `disagrees on ${percent(disagreement)} of ${comparisons} images; ${percent(guard.max_disagreement)} are allowed`;
  }
  if (canary.requests < guard.min_requests) {
    if (!failsBeyondChance(guard, canary)) return undefined;
    return `error rate ${percent(canary.errorRate)} in ${canary.requests} requests; ${percent(guard.max_error_rate)} is allowed`;
  }
  if (canary.errorRate > guard.max_error_rate) {
    return `error rate ${percent(canary.errorRate)}; ${percent(guard.max_error_rate)} is allowed`;
  }
  const comparable = canary.p95 !== null && others.p95 !== null && others.requests >= MIN_OTHERS;
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
  if (requests < MIN_EARLY || errorRate <= allowed) return false;
  const successes = errorRate < 1 ? (1 - errorRate) * Math.log((1 - errorRate) / (1 - allowed)) : 0;
  const divergence = errorRate * Math.log(errorRate / allowed) + successes;
  return Math.exp(-requests * divergence) < EARLY_CHANCE;
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
