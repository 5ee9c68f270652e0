import type { Policy } from '#registry';
import { abortCanary, promoteCanary, startCanary } from './canary-edits';

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

it('is not started twice, and not ended without having been started', () => {
  const running = startCanary({ version: 3, weight: 10 })(POLICY) as Policy;
  expect(() => startCanary({ version: 1, weight: 1 })(running)).toThrow('split already');
  expect(() => promoteCanary(POLICY)).toThrow('no canary');
  expect(() => abortCanary(POLICY)).toThrow('no canary');
});
