import type { CanaryRules, Policy } from '#registry';
import { decide, withWeight, type CanaryFigures } from './canary-decision';
import type { WindowSummary } from './canary-evidence';

const GUARD: CanaryRules = {
  variant: 'canary',
  window_s: 60,
  min_requests: 100,
  max_error_rate: 0.02,
  max_p95_ratio: 1.5,
  steps: [1, 5, 25, 50, 100],
  step_s: 300,
};
const HEALTHY = {
  weight: 5,
  stepAge: 300,
  canary: { requests: 100, errorRate: 0, p95: 10 },
  others: { requests: 900, errorRate: 0, p95: 10 },
  comparisons: 0,
  disagreement: 0,
};
/** Whoever sends most says what the others say. */
const figures = (change: Partial<CanaryFigures> = {}): CanaryFigures => {
  const changed = { isSole: false, ...HEALTHY, ...change };
  return { all: changed, ...changed };
};
const canary = (change: Partial<WindowSummary>) => ({ canary: { ...HEALTHY.canary, ...change } });

describe('the guard', () => {
  it.each<[string, Partial<CanaryFigures>, string]>([
    ['climbs a step when the canary has been healthy for a whole one', {}, 'promote to 25'],
    ['climbs from a weight between two steps to the next', { weight: 7 }, 'promote to 25'],
    ['climbs to everything', { weight: 50 }, 'promote to 100'],
    ['stays at the last step', { weight: 100 }, 'hold: the last step is reached'],
    ['waits until the step is over', { stepAge: 299 }, 'hold: the step has lasted 299 of 300 s'],
    ['waits for enough requests', canary({ requests: 99 }), 'hold: 99 of 100 requests in the last 60 s'],
    [
      'leaves a canary without traffic alone',
      { weight: 0, ...canary({ errorRate: 1 }) },
      'hold: the variant has no traffic, and only people give it any again',
    ],
    ['goes back on errors', canary({ errorRate: 0.021 }), 'roll-back to 0: error rate 2.10%; 2.00% is allowed'],
    [
      'goes back on errors in the middle of a step',
      { stepAge: 1, ...canary({ errorRate: 0.5 }) },
      'roll-back to 0: error rate 50.00%; 2.00% is allowed',
    ],
    [
      'goes back from the last step, too',
      { weight: 100, ...canary({ errorRate: 0.5 }) },
      'roll-back to 0: error rate 50.00%; 2.00% is allowed',
    ],
    [
      'does not judge by a few requests',
      { stepAge: 1, ...canary({ requests: 19, errorRate: 1 }) },
      'hold: the step has lasted 1 of 300 s; 19 of 100 requests in the last 60 s',
    ],
    [
      'does not wait for more when nearly all fail',
      { stepAge: 1, ...canary({ requests: 20, errorRate: 1 }) },
      'roll-back to 0: error rate 100.00% in 20 requests; 2.00% is allowed',
    ],
    [
      'does not wait for more when so many failures can be no accident',
      { stepAge: 1, ...canary({ requests: 20, errorRate: 7 / 20 }) },
      'roll-back to 0: error rate 35.00% in 20 requests; 2.00% is allowed',
    ],
    [
      'waits for more while the failures can be an accident',
      { stepAge: 300, ...canary({ requests: 20, errorRate: 6 / 20 }) },
      'hold: 20 of 100 requests in the last 60 s',
    ],
    [
      'goes back on latency',
      canary({ p95: 15.1 }),
      'roll-back to 0: p95 15.1 ms against 10.0 ms of the others; 1.5 times is allowed',
    ],
    ['tolerates what is allowed', canary({ errorRate: 0.02, p95: 15 }), 'promote to 25'],
    ['does not compare with too few others', { others: { requests: 19, errorRate: 0, p95: 1 } }, 'promote to 25'],
    [
      'stays where the others fail as often: somebody sends what fails anywhere',
      { ...canary({ errorRate: 0.4 }), others: { requests: 900, errorRate: 0.35, p95: 10 } },
      'hold: error rate 40.00%, but the others have 35.00%',
    ],
    [
      'goes back where the others fail too often, too, and it fails more often than by chance',
      { ...canary({ errorRate: 0.65 }), others: { requests: 900, errorRate: 0.35, p95: 10 } },
      'roll-back to 0: error rate 65.00%; 2.00% is allowed',
    ],
    [
      'goes back on errors whatever becomes of a few others',
      { ...canary({ errorRate: 0.4 }), others: { requests: 19, errorRate: 1, p95: null } },
      'roll-back to 0: error rate 40.00%; 2.00% is allowed',
    ],
    [
      'stays where one sender says all that speaks against it',
      { all: { ...HEALTHY, ...canary({ requests: 210, errorRate: 0.5 }) } },
      'hold: error rate 50.00%; 2.00% is allowed; but not without the one sender who says most of it',
    ],
    [
      'does not climb on what one sender says',
      { all: { ...HEALTHY, ...canary({ requests: 1000 }) }, ...canary({ requests: 7 }) },
      'hold: 7 of 100 requests in the last 60 s, without 993 of those who send most',
    ],
    [
      'does not climb while there is one sender alone',
      { isSole: true },
      'hold: all that is known is from one sender; another one is needed',
    ],
    ['does not mind disagreement unless told to', { comparisons: 1000, disagreement: 1 }, 'promote to 25'],
  ])('%s', (_, change, expected) => {
    const decision = decide(GUARD, figures(change));
    const to = decision.action === 'hold' ? `hold: ${decision.reason}` : `${decision.action} to ${decision.weight}`;
    expect(decision.action === 'roll-back' ? `${to}: ${decision.reason}` : to).toBe(expected);
  });

  it('goes back on disagreement where it is told to', () => {
    const strict = { ...GUARD, max_disagreement: 0.1 };
    expect(decide(strict, figures({ comparisons: 200, disagreement: 0.11 }))).toMatchObject({ action: 'roll-back' });
    expect(decide(strict, figures({ comparisons: 200, disagreement: 0.1 }))).toMatchObject({ action: 'promote' });
  });
});

it.each([0, 99])('does not promote on %d comparisons where disagreement counts', (comparisons) => {
  expect(decide({ ...GUARD, max_disagreement: 0.1 }, figures({ comparisons, disagreement: 1 }))).toEqual({
    action: 'hold',
    reason: `${comparisons} of 100 comparisons with a shadow of the same version`,
  });
});

it('does not wait for more failures where none are allowed, nor finds any where all are', () => {
  const few = figures(canary({ requests: 20, errorRate: 1 / 20 }));
  expect(decide({ ...GUARD, max_error_rate: 0 }, few)).toMatchObject({ action: 'roll-back' });
  expect(decide({ ...GUARD, max_error_rate: 1 }, figures(canary({ requests: 20, errorRate: 1 })))).toMatchObject({
    action: 'hold',
  });
});

describe('a new weight', () => {
  const policy = (...weights: number[]): Policy => ({
    revision: 1,
    aliases: {},
    default: 1,
    variants: weights.map((weight, i) => ({ name: i === 0 ? 'canary' : `other-${i}`, version: i + 1, weight })),
  });
  it.each([
    [[10, 90], 25, [25, 75]],
    [[10, 60, 30], 40, [40, 40, 20]],
    [[10, 60, 30], 0, [0, 200 / 3, 100 / 3]],
    [[10, 90], 100, [100, 0]],
    [[100, 0, 0], 0, [0, 100, 0]],
  ])('of %j with %d for the canary gives %j', (before, weight, after) => {
    const weights = withWeight(policy(...before), 'canary', weight).variants!.map((variant) => variant.weight);
    weights.forEach((value, i) => expect(value).toBeCloseTo(after[i]!, 9));
    expect(weights.reduce((sum, value) => sum + value)).toBeCloseTo(100, 9);
  });
});
