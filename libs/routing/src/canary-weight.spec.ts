import type { Policy } from '#registry';
import { startCanary } from './canary-edits';
import { setCanaryWeight } from './canary-weight';

const POLICY: Policy = { revision: 3, aliases: { champion: 2 }, default: 'champion' };

it.each([0, 12.5, 60, 100])('gives the canary %s per cent, and the rest to the others', (weight) => {
  const running = startCanary({ version: 3, weight: 10 })(POLICY) as Policy;
  expect(setCanaryWeight(weight)(running)).toEqual(startCanary({ version: 3, weight })(POLICY));
});

it('takes a canary', () => {
  expect(() => setCanaryWeight(5)(POLICY)).toThrow('there is no canary');
});
