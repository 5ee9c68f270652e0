import { deadlineIn, msUntil } from './deadline';

it('what is left until a deadline is what was given, less what has passed, and never negative', () => {
  const deadline = deadlineIn(1_000);
  const left = msUntil(deadline);
  expect(left).toBeGreaterThan(900);
  expect(left).toBeLessThanOrEqual(1_000);
  expect(msUntil(deadline - 5_000)).toBe(0);
});
