import type { Policy } from '#registry';
import { abortCanary, abortCanaryKeepingShadow, type CanaryStart, promoteCanary, startCanary } from './canary-edits';
import { withWeight } from './canary-decision';

const POLICY: Policy = { revision: 3, aliases: { champion: 2, challenger: 3 }, default: 'champion' };
const GUARD = { window_s: 60, min_requests: 1, max_error_rate: 0, max_p95_ratio: 2, steps: [50, 100], step_s: 60 };

it('gives a version a share, and the default the rest', () => {
  expect(startCanary({ version: 'challenger', weight: 10, guard: GUARD })(POLICY)).toEqual({
    ...POLICY,
    variants: [
      { name: 'control', version: 'champion', weight: 90 },
      { name: 'canary', version: 'challenger', weight: 10 },
    ],
    guard: { variant: 'canary', ...GUARD },
  });
});

it('becomes the default when it is promoted, by the alias that the default goes by', () => {
  const running = startCanary({ version: 'challenger', weight: 10 })(POLICY) as Policy;
  expect(promoteCanary(running)).toEqual({ ...POLICY, aliases: { champion: 3, challenger: 3 } });
  const numbered = startCanary({ version: 3, weight: 10 })({ ...POLICY, default: 2 }) as Policy;
  expect(promoteCanary(numbered)).toEqual({ ...POLICY, default: 3 });
});

it('leaves nothing behind when it is aborted', () => {
  expect(abortCanary(startCanary({ version: 3, weight: 10, guard: GUARD })(POLICY) as Policy)).toEqual(POLICY);
});

describe('a shadow of its version', () => {
  const shadows = [
    { version: 'challenger', percent: 100 },
    { version: 1, percent: 10 },
  ];
  const running = startCanary({ version: 3, weight: 10 })({ ...POLICY, shadows }) as Policy;

  it('is gone with it, and no other one is', () => {
    const others = [{ version: 1, percent: 10 }];
    expect(promoteCanary(running)).toEqual({ ...POLICY, aliases: { champion: 3, challenger: 3 }, shadows: others });
    expect(abortCanary(running)).toEqual({ ...POLICY, shadows: others });
  });

  it('stays where that is asked for', () => {
    expect(abortCanaryKeepingShadow(running)).toEqual({ ...POLICY, shadows });
  });
});

it('is not started twice, and not ended without having been started', () => {
  const running = startCanary({ version: 3, weight: 10 })(POLICY) as Policy;
  expect(() => startCanary({ version: 1, weight: 1 })(running)).toThrow('split already');
  expect(() => promoteCanary(POLICY)).toThrow('no canary');
  expect(() => abortCanary(POLICY)).toThrow('no canary');
});

it.each<[string, CanaryStart, string]>([
  ['of the default itself', { version: 2, weight: 10 }, 'version 2 is the default'],
  ['of the default by its alias', { version: 'champion', weight: 10 }, 'version 2 is the default'],
  [
    'with no step above its weight',
    { version: 3, weight: 60, guard: { ...GUARD, steps: [50, 20] } },
    'no step is above the weight of 60%',
  ],
  ['without steps', { version: 3, weight: 60, guard: { ...GUARD, steps: [] } }, 'no step is above'],
  ['of 0 % for a guard to raise', { version: 3, weight: 0, guard: GUARD }, 'never asked'],
])('is not started %s', (_, start, message) => {
  expect(() => startCanary(start)(POLICY)).toThrow(message);
});

it('may stay where it is while its guard watches, or wait at 0 % for people', () => {
  expect(startCanary({ version: 3, weight: 100, guard: GUARD })(POLICY)).toMatchObject({ guard: { steps: [50, 100] } });
  expect(startCanary({ version: 3, weight: 0 })(POLICY)).toMatchObject({ variants: [{ weight: 100 }, { weight: 0 }] });
});

it('is not promoted once it has been taken back', () => {
  const running = startCanary({ version: 3, weight: 10, guard: GUARD })(POLICY) as Policy;
  const back = withWeight(running, 'canary', 0);
  expect(() => promoteCanary(back)).toThrow('the canary has no traffic');
  expect(abortCanary(back)).toEqual(POLICY);
});
