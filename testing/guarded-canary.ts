/** The policy of a canary with a guard: of a registry with `nanForBlack`, black images get NaN of it. */
export const GUARDED_CANARY = {
  revision: 1,
  aliases: {},
  default: 1,
  variants: [
    { name: 'control', version: 1, weight: 25 },
    { name: 'canary', version: 2, weight: 75 },
  ],
  guard: {
    variant: 'canary',
    window_s: 3600,
    min_requests: 20,
    max_error_rate: 0.02,
    max_p95_ratio: 100,
    steps: [75, 100],
    step_s: 1,
  },
};
