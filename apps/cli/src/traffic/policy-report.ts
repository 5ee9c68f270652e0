import Table from 'cli-table3';
import { resolveVersion, type Policy, type VersionRef } from '#registry';

const PLAIN = { head: [], border: [], compact: true };

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
    const table = new Table({ head: ['variant', 'version', 'weight'], style: PLAIN });
    for (const { name, version, weight } of policy.variants) table.push([name, number(version), `${weight}%`]);
    lines.push(table.toString());
  }
  for (const { version, percent } of policy.shadows ?? []) lines.push(`Shadow: ${number(version)} gets ${percent}%`);
  const { guard } = policy;
  if (guard) lines.push(`Guard: watches ${guard.variant}, steps ${guard.steps.join(', ')}% of ${guard.step_s} s each`);
  return lines.join('\n');
}

export function printPolicy(model: string, policy: Policy, json: boolean | undefined): void {
  console.log(json ? JSON.stringify(policy, null, 2) : policyReport(model, policy));
}
