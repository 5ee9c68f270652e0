import { resolveVersion, type Policy } from '#registry';

const known = new WeakMap<Policy, string>();

/**
 * What a policy tries, as one text: the model, and which version stands behind each variant. The weights are no part of it, so
 * that a canary on its way from 5% to 50% keeps the users that it has; another version is another experiment, with other users,
 * or the same ones would be the first to meet every new version.
 */
export function experimentOf(model: string, policy: Policy): string {
  let text = known.get(policy);
  if (text === undefined) known.set(policy, (text = describe(model, policy)));
  return text;
}

function describe(model: string, policy: Policy): string {
  const variants = (policy.variants ?? []).map(({ name, version }) => `${name}=${resolveVersion(policy, version)}`);
  return [model, ...variants.sort()].join('\0');
}
