import { resolveVersion, type Policy } from './policy';

/** What is wrong with a policy whose default is its own shadow: it would be asked twice, and always agree. Else undefined. */
export function shadowOfDefault(policy: Policy): string | undefined {
  const number = resolveVersion(policy, policy.default);
  const isShadowed = policy.shadows?.some(({ version }) => resolveVersion(policy, version) === number);
  if (!isShadowed) return undefined;
  return `version ${number} is the default, and as its own shadow it would show nothing: take it out of "shadows"`;
}

/** The same without the shadows of a version. */
export function withoutShadowsOf<P extends Policy>(policy: P, number: number): P {
  const shadows = policy.shadows?.filter(({ version }) => resolveVersion(policy, version) !== number);
  return { ...policy, shadows: shadows?.length ? shadows : undefined };
}
