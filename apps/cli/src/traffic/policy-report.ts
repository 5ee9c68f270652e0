import { resolveVersion, type Policy, type VersionRef } from '#registry';
import { type OutputOptions, print } from '../output/format';
import { tableText } from '../output/table';

/** A policy as people read it. */
export function policyReport(model: string, policy: Policy): string {
  const number = (ref: VersionRef): string => {
    const version = resolveVersion(policy, ref);
    return typeof ref === 'number' ? String(ref) : `${ref} (${version})`;
  };
  const lines = [`${model}, revision ${policy.revision}. Default: ${number(policy.default)}`];
  const aliases = Object.entries(policy.aliases).map(([alias, version]) => `${alias} = ${version}`);
  if (aliases.length > 0) lines.push(`Aliases: ${aliases.join(', ')}`);
  if (policy.variants?.length) {
    const rows = policy.variants.map(({ name, version, weight }) => [name, number(version), `${weight}%`]);
    lines.push(tableText({ head: ['variant', 'version', 'weight'], rows }));
  }
  for (const { version, percent } of policy.shadows ?? []) lines.push(`Shadow: ${number(version)} gets ${percent}%`);
  const { guard } = policy;
  if (guard) lines.push(`Guard: watches ${guard.variant}, steps ${guard.steps.join(', ')}% of ${guard.step_s} s each`);
  return lines.join('\n');
}

export function printPolicy(model: string, policy: Policy, options: OutputOptions): void {
  print(options, policy, () => policyReport(model, policy));
}
