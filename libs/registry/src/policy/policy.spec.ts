import { InvalidPolicyError, parsePolicy, resolveVersion, routedVersions } from './policy';

const GOOD = {
  revision: 7,
  aliases: { champion: 2, challenger: 3 },
  default: 'champion',
  variants: [
    { name: 'control', version: 'champion', weight: 90 },
    { name: 'canary', version: 'challenger', weight: 10 },
  ],
  shadows: [{ version: 1, percent: 100 }],
  guard: {
    variant: 'canary',
    window_s: 60,
    min_requests: 100,
    max_error_rate: 0.02,
    max_p95_ratio: 1.5,
    steps: [1, 5, 25, 50, 100],
    step_s: 300,
  },
};
const variants = (...weights: number[]) => weights.map((weight, i) => ({ name: `v${i}`, version: 2, weight }));

it('is taken as it stands when it is right, and names the versions that it needs', () => {
  const policy = parsePolicy(GOOD, [1, 2, 3, 4]);
  expect(policy).toEqual(GOOD);
  expect(routedVersions(policy)).toEqual([1, 2, 3]);
  expect(resolveVersion(policy, 'challenger')).toBe(3);
  expect(resolveVersion(policy, 'toString')).toBeUndefined();
});

it.each([
  ['weights of 99', { ...GOOD, guard: undefined, variants: variants(90, 9) }, /add up to 99; they must add up to 100/],
  ['a negative weight', { ...GOOD, guard: undefined, variants: variants(110, -10) }, /weight must not be less than 0/],
  [
    'two variants of one name',
    { ...GOOD, variants: [GOOD.variants[1], { ...GOOD.variants[1], weight: 90 }] },
    /two variants called "canary"/,
  ],
  ['a missing version', { ...GOOD, aliases: { champion: 9 } }, /alias "champion" names version 9.*there are: 1, 2, 3/],
  ['a missing alias', { ...GOOD, default: 'nobody' }, /default names "nobody", which is no alias/],
  [
    'a variant of a missing version',
    { ...GOOD, guard: undefined, variants: [{ name: 'a', version: 8, weight: 100 }] },
    /variant "a" names version 8/,
  ],
  ['a shadow of a missing version', { ...GOOD, shadows: [{ version: 8, percent: 1 }] }, /a shadow names version 8/],
  [
    'an alias with a bad name',
    { ...GOOD, aliases: { ...GOOD.aliases, 'Bad Name': 1 } },
    /alias "Bad Name" must start with/,
  ],
  [
    'an alias of an alias',
    { ...GOOD, aliases: { ...GOOD.aliases, x: 'champion' } },
    /must name a version by its number/,
  ],
  [
    'a guard of no variant',
    { ...GOOD, guard: { ...GOOD.guard, variant: 'other' } },
    /watches "other", which is no variant/,
  ],
  ['an unknown key', { ...GOOD, colour: 'red' }, /colour is not known here/],
  ['no default', { ...GOOD, default: undefined }, /default must be given/],
  ['a version that is no number or name', { ...GOOD, default: 2.5 }, /default names version 2.5/],
  ['a list', [], /must be an object/],
])('is refused with %s', (_, policy, message) => {
  expect(() => parsePolicy(policy, [1, 2, 3])).toThrow(message);
  expect(() => parsePolicy(policy, [1, 2, 3])).toThrow(InvalidPolicyError);
});
