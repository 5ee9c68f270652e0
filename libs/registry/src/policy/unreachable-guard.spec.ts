import { GUARD } from './guard.fixture';
import type { Policy } from './policy';
import { missingShadow } from './unreachable-guard';

const POLICY: Policy = {
  revision: 1,
  aliases: { next: 2 },
  default: 1,
  variants: [
    { name: 'control', version: 1, weight: 90 },
    { name: 'canary', version: 'next', weight: 10 },
  ],
};

it.each<[string, Partial<Policy>, boolean]>([
  ['no guard', {}, true],
  ['a guard that disagreement is nothing to', { guard: GUARD }, true],
  ['no shadow', { guard: { ...GUARD, max_disagreement: 0.1 } }, false],
  [
    'a shadow of another version',
    { guard: { ...GUARD, max_disagreement: 0.1 }, shadows: [{ version: 3, percent: 9 }] },
    false,
  ],
  ['a shadow of nothing', { guard: { ...GUARD, max_disagreement: 0.1 }, shadows: [{ version: 2, percent: 0 }] }, false],
  [
    'a shadow of the version',
    { guard: { ...GUARD, max_disagreement: 0.1 }, shadows: [{ version: 2, percent: 9 }] },
    true,
  ],
])('%s', (_, change, makesSense) => {
  const part = missingShadow({ ...POLICY, ...change });
  if (makesSense) expect(part).toBeUndefined();
  else
    expect(part).toContain(
      'shadow of version 2, or there is nothing to compare: add { "version": "next", "percent": 100 }',
    );
});
