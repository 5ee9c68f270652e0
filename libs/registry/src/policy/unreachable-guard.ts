import { resolveVersion, type Policy } from './policy';

/**
 * What a policy asks for that cannot happen; undefined where there is nothing. Such a policy can be applied, so one that
 * is in force stays in force; it is only not written any more. A guard on disagreement without a shadow of its variant would
 * wait for comparisons for ever.
 */
export function missingShadow(policy: Policy): string | undefined {
  const { guard, variants = [], shadows = [] } = policy;
  if (guard?.max_disagreement === undefined) return undefined;
  const { version: ref } = variants.find(({ name }) => name === guard.variant)!;
  const number = resolveVersion(policy, ref)!;
  const compares = shadows.some(({ version, percent }) => percent > 0 && resolveVersion(policy, version) === number);
  if (compares) return undefined;
  const shadow = `{ "version": ${JSON.stringify(ref)}, "percent": 100 }`;
  return (
    `max_disagreement needs a shadow of version ${number}, or there is nothing to compare: ` +
    `add ${shadow} to "shadows" of the policy first, or leave max_disagreement out`
  );
}
