import { isDeepStrictEqual } from 'node:util';
import type { Policy } from './policy';

/** Whether two policies do the same with every request; their revisions are no part of that. */
export function isSamePolicy(a: Policy, b: Policy): boolean {
  return isDeepStrictEqual(effectOf(a), effectOf(b));
}

/** As plain data: what is left out is no other thing than an empty list. */
function effectOf({ revision: _, variants = [], shadows = [], ...rest }: Policy): unknown {
  return JSON.parse(JSON.stringify({ ...rest, variants, shadows }));
}
