import type { Policy } from '#registry';
import { experimentOf } from './experiment';
import { chooseVariant } from './split';

const KEYS = Array.from({ length: 5_000 }, (_, i) => `user-${i}`);

/** Who gets the canary. */
function usersOf(version: number, weight: number, champion = 1): Set<string> {
  const variants = [
    { name: 'control', version: 'champion', weight: 100 - weight },
    { name: 'canary', version, weight },
  ];
  const policy: Policy = { revision: weight, aliases: { champion }, default: 'champion', variants };
  const experiment = experimentOf('m', policy);
  return new Set(KEYS.filter((key) => chooseVariant(variants, experiment, key)!.name === 'canary'));
}

const shareOf = (some: Set<string>, of: Set<string>) => [...some].filter((key) => of.has(key)).length / some.size;

it('gives the canaries of two versions different users: as many in both as chance has it', () => {
  const [first, second] = [usersOf(18, 10), usersOf(19, 10)];
  expect(first.size / KEYS.length).toBeCloseTo(0.1, 1);
  // Of some 500 users a tenth, within five standard deviations.
  expect(Math.abs(shareOf(first, second) - 0.1)).toBeLessThan(0.07);
});

it('gives the same users to a canary beside another champion no more than by chance', () => {
  expect(Math.abs(shareOf(usersOf(18, 10, 1), usersOf(18, 10, 2)) - 0.1)).toBeLessThan(0.07);
});

it('lets a canary keep its users while its weight grows', () => {
  const steps = [5, 20, 50, 100].map((weight) => usersOf(18, weight));
  steps.slice(1).forEach((next, i) => expect(shareOf(steps[i]!, next)).toBe(1));
});

it('does not depend on whether a variant names its version by an alias', () => {
  const variants = (version: number | string) => [{ name: 'a', version, weight: 100 }];
  const policy = (version: number | string): Policy => ({
    revision: 1,
    aliases: { x: 3 },
    default: 1,
    variants: variants(version),
  });
  expect(experimentOf('m', policy('x'))).toBe(experimentOf('m', policy(3)));
  expect(experimentOf('m', policy(3))).not.toBe(experimentOf('other', policy(3)));
});
