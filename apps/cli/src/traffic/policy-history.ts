import { Command } from 'commander';
import { createTwoFilesPatch } from 'diff';
import type { Policy, PolicyRevision } from '#registry';
import { Failure } from '../failure';
import { print } from '../output/format';
import { tableText } from '../output/table';
import { parseRevision } from '../parse';
import { openRegistry, type RegistryDefaults, type RegistryOptions } from '../registry/open-registry';

export function historySubcommand(defaults: RegistryDefaults): Command {
  return new Command('history')
    .description('Lists the policies that a model has had, newest first.')
    .argument('<model>')
    .addHelpText('after', '\nExample:\n  eyrie policy history resnet-cifar10')
    .action(async (model: string, options: RegistryOptions) => {
      const revisions = await (await openRegistry(options, defaults)).history(model);
      print(options, revisions, (wide) => historyTable(revisions, wide));
    });
}

export function diffSubcommand(defaults: RegistryDefaults): Command {
  return new Command('diff')
    .description('Shows what has changed between two revisions of a policy.')
    .argument('<model>')
    .argument('[from]', 'a revision; the one before the last when left out', parseRevision)
    .argument('[to]', 'a revision; the last one when left out', parseRevision)
    .addHelpText('after', '\nExamples:\n  eyrie policy diff resnet-cifar10\n  eyrie policy diff resnet-cifar10 3 7')
    .action(async (model: string, from: number | undefined, to: number | undefined, options: RegistryOptions) => {
      const revisions = await (await openRegistry(options, defaults)).history(model);
      const readable = revisions.filter(({ policy }) => policy !== undefined);
      const after = find(model, revisions, to ?? readable[0]?.revision);
      const earlier = readable.find(({ revision }) => revision < after.revision);
      const before = find(model, revisions, from ?? earlier?.revision);
      const patch = difference(model, before, after);
      print(options, { from: before, to: after, patch }, () => patch.trimEnd());
    });
}

/** @throws Failure when that revision was not kept, or cannot be read */
function find(model: string, revisions: readonly PolicyRevision[], wanted: number | undefined): Policy {
  if (wanted === undefined) throw new Failure(`${model} has no two revisions of its policy to compare`);
  const found = revisions.find(({ revision }) => revision === wanted);
  if (found?.policy) return found.policy;
  const have = revisions.map(({ revision }) => revision).join(', ') || 'none';
  const why = found ? `cannot be read: ${found.problem}` : `was not kept; there are: ${have}`;
  throw new Failure(`revision ${wanted} of the policy of ${model} ${why}`);
}

/** In the format of `diff -u`. */
function difference(model: string, before: Policy, after: Policy): string {
  const [from, to] = [before, after].map(
    (policy) => `${JSON.stringify({ ...policy, revision: undefined }, null, 2)}\n`,
  );
  const name = ({ revision }: Policy): string => `${model} revision ${revision}`;
  const patch = createTwoFilesPatch(name(before), name(after), from!, to!, undefined, undefined, { context: 2 });
  // Above the names there is a line for mailers.
  return patch.replace(/^=+\n/, '');
}

function historyTable(revisions: readonly PolicyRevision[], wide: boolean): string {
  const rows = revisions.map((kept) => {
    if (!kept.policy) return [kept.revision, '', '', '', kept.problem];
    const { aliases, variants = [], shadows = [], guard, default: standard } = kept.policy;
    const notes = [
      ...(kept.restores === undefined ? [] : [`brings ${kept.restores} back`]),
      ...shadows.map(({ version, percent }) => `shadow ${version}: ${percent}%`),
      ...(guard ? ['guarded'] : []),
    ];
    return [
      kept.revision,
      String(standard),
      Object.entries(aliases)
        .map(([alias, version]) => `${alias} = ${version}`)
        .join(', '),
      variants.map(({ name, version, weight }) => `${name} ${version}: ${weight}%`).join(', '),
      notes.join(', '),
    ];
  });
  return tableText({ head: ['revision', 'default', 'aliases', 'variants', ''], rows }, wide);
}
