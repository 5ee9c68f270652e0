import type { CanaryRules, Policy } from '#registry';
import { decide, withWeight, type CanaryFigures } from './canary-decision';
import { comparableP95, OutcomeWindow } from './outcome-window';

const GUARD: CanaryRules = {
  variant: 'canary',
  window_s: 60,
  min_requests: 100,
  max_error_rate: 0.02,
  max_p95_ratio: 1.5,
  steps: [1, 5, 25, 50, 100],
  step_s: 300,
};
const HEALTHY: CanaryFigures = {
  weight: 5,
  stepAge: 300,
  canary: { requests: 100, errorRate: 0, p95: 10 },
  others: { requests: 900, errorRate: 0, p95: 10 },
  comparisons: 0,
  disagreement: 0,
};
const canary = (change: Partial<CanaryFigures['canary']>) => ({ canary: { ...HEALTHY.canary, ...change } });

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
    ['does not mind disagreement unless told to', { comparisons: 1000, disagreement: 1 }, 'promote to 25'],
  ])('%s', (_, change, expected) => {
    const decision = decide(GUARD, { ...HEALTHY, ...change });
    const to = decision.action === 'hold' ? `hold: ${decision.reason}` : `${decision.action} to ${decision.weight}`;
    expect(decision.action === 'roll-back' ? `${to}: ${decision.reason}` : to).toBe(expected);
  });

  it('goes back on disagreement where it is told to', () => {
    const strict = { ...GUARD, max_disagreement: 0.1 };
    expect(decide(strict, { ...HEALTHY, comparisons: 200, disagreement: 0.11 })).toMatchObject({ action: 'roll-back' });
    expect(decide(strict, { ...HEALTHY, comparisons: 200, disagreement: 0.1 })).toMatchObject({ action: 'promote' });
  });
});

it.each([0, 99])('does not promote on %d comparisons where disagreement counts', (comparisons) => {
  expect(decide({ ...GUARD, max_disagreement: 0.1 }, { ...HEALTHY, comparisons, disagreement: 1 })).toEqual({
    action: 'hold',
    reason: `${comparisons} of 100 comparisons with a shadow of the same version`,
  });
});

it('does not wait for more failures where none are allowed, nor finds any where all are', () => {
  const few = { ...HEALTHY, ...canary({ requests: 20, errorRate: 1 / 20 }) };
  expect(decide({ ...GUARD, max_error_rate: 0 }, few)).toMatchObject({ action: 'roll-back' });
  expect(decide({ ...GUARD, max_error_rate: 1 }, { ...few, ...canary({ requests: 20, errorRate: 1 }) })).toMatchObject({
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

describe('a window', () => {
  it('counts what is in it and forgets what is older', () => {
    const window = new OutcomeWindow();
    for (let second = 0; second < 100; second++) {
      window.add(second, { runMs: second, batchSize: 1 });
      if (second % 10 === 0) window.add(second, null);
    }
    const summary = window.summary(99, 50);
    expect(summary.requests).toBe(55);
    expect(summary.errorRate).toBeCloseTo(5 / 55, 9);
    expect(summary.p95).toBe(97);
    expect(window.summary(1000, 50)).toEqual({ requests: 0, errorRate: 0, p95: null });
  });

  it('keeps a fair sample of many latencies', () => {
    const window = new OutcomeWindow();
    for (let i = 0; i < 50_000; i++) window.add(0, { runMs: i / 500, batchSize: 1 });
    expect(window.summary(0, 10).p95).toBeGreaterThan(90);
    expect(window.summary(0, 10).p95).toBeLessThan(99);
  });
});

describe('runs are compared with runs of the same size', () => {
  const runs = (count: number, batchSize: number, runMs: number) =>
    Array.from({ length: count }, (_, i) => ({ batchSize, runMs: runMs + i / 1000 }));
  const rounded = (pair: [number, number] | undefined) => pair?.map(Math.round);

  it('so that a variant with small batches does not look fast beside one with large ones', () => {
    const others = [...runs(100, 8, 80), ...runs(20, 1, 10)];
    expect(rounded(comparableP95(runs(100, 1, 20), others))).toEqual([20, 10]);
  });

  it('in the shares that the first one has of them', () => {
    const canary = [...runs(90, 1, 10), ...runs(10, 8, 90)];
    const others = [...runs(10, 1, 10), ...runs(400, 8, 60)];
    expect(rounded(comparableP95(canary, others))).toEqual([90, 60]);
    // In the others' own shares nearly all were of 60 ms; in the canary's a twentieth at the most may be slower.
    expect(rounded(comparableP95([...runs(96, 1, 10), ...runs(4, 8, 90)], others))).toEqual([10, 10]);
  });

  it.each([
    ['nothing', []],
    ['runs of other sizes', runs(100, 4, 10)],
  ])('and with %s not at all', (_, others) => {
    expect(comparableP95(runs(100, 1, 20), others)).toBeUndefined();
  });
});
