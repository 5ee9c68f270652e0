import { chooseVariant, type Weighted } from './split';

const KEYS = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);
const arms = (weights: Record<string, number>): Weighted[] =>
  Object.entries(weights).map(([name, weight]) => ({ name, weight }));
const armsOf = (weights: Record<string, number>) => KEYS.map((key) => chooseVariant(arms(weights), 'm', key)!.name);
const share = (chosen: string[], name: string) => chosen.filter((each) => each === name).length / chosen.length;

describe('the variant of a key', () => {
  it('is the same for ever: these must not change with a new release', () => {
    const split = arms({ control: 90, canary: 10 });
    const chosen = [
      'alice',
      'bob',
      'carol',
      'dave',
      'erin',
      'frank',
      'grace',
      'heidi',
      'ivan',
      'judy',
      'kim',
      'lee',
    ].map((key) => chooseVariant(split, 'resnet-cifar10', key)!.name);
    expect(chosen).toMatchInlineSnapshot(`
      [
        "control",
        "control",
        "control",
        "control",
        "canary",
        "control",
        "control",
        "control",
        "control",
        "control",
        "control",
        "control",
      ]
    `);
  });

  it.each([[{ control: 90, canary: 10 }], [{ a: 50, b: 30, c: 20 }], [{ a: 99.5, b: 0.5 }]])(
    'follows the weights: %j',
    (weights: Record<string, number>) => {
      const chosen = armsOf(weights);
      for (const [name, weight] of Object.entries(weights)) {
        // Four standard deviations of a fair draw.
        const tolerance = 4 * Math.sqrt(((weight / 100) * (1 - weight / 100)) / KEYS.length);
        expect(Math.abs(share(chosen, name) - weight / 100)).toBeLessThan(tolerance);
      }
    },
  );

  it('moves only from the variant that shrinks to the one that grows', () => {
    const before = armsOf({ control: 90, canary: 10 });
    const after = armsOf({ control: 80, canary: 20 });
    const moved = KEYS.filter((_, i) => before[i] !== after[i]);
    expect(moved.length / KEYS.length).toBeCloseTo(0.1, 1);
    before.forEach((name, i) => name === 'canary' && expect(after[i]).toBe('canary'));
  });

  it('does not depend on the order of the variants', () => {
    const forwards = armsOf({ a: 50, b: 30, c: 20 });
    const backwards = armsOf({ c: 20, b: 30, a: 50 });
    expect(forwards).toEqual(backwards);
  });

  it('differs from model to model', () => {
    const split = arms({ a: 50, b: 50 });
    const same = KEYS.filter((key) => chooseVariant(split, 'm', key) === chooseVariant(split, 'other', key));
    expect(same.length / KEYS.length).toBeCloseTo(0.5, 1);
  });

  it('is never one without weight', () => {
    expect(new Set(armsOf({ a: 100, b: 0 }))).toEqual(new Set(['a']));
    expect(chooseVariant(arms({ a: 0 }), 'm', 'key')).toBeUndefined();
    expect(chooseVariant([], 'm', 'key')).toBeUndefined();
  });
});
