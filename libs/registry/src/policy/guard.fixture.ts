import type { CanaryRules } from './policy';

/** A guard that is content with everything. */
export const GUARD: CanaryRules = {
  variant: 'canary',
  window_s: 1,
  min_requests: 1,
  max_error_rate: 0,
  max_p95_ratio: 1,
  steps: [],
  step_s: 1,
};
