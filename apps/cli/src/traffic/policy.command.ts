import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { Command } from 'commander';
import { replacePolicy, setDefault } from '#registry';
import { utf8Text } from '#validation';
import { parseRevision, parseVersionRef } from '../parse';
import {
  openRegistry,
  withRegistryOptions,
  type RegistryDefaults,
  type RegistryOptions,
} from '../registry/open-registry';
import { Failure } from '../failure';
import { diffSubcommand, historySubcommand } from './policy-history';
import { printPolicy } from './policy-report';

interface RollbackOptions extends RegistryOptions {
  to?: number;
}

export function policyCommand(defaults: RegistryDefaults): Command {
  const show = new Command('show')
    .description('Shows how the traffic of a model is split.')
    .argument('<model>')
    .addHelpText('after', '\nExample:\n  eyrie policy show resnet-cifar10')
    .action(async (model: string, options: RegistryOptions) => {
      const registry = await openRegistry(options, defaults);
      printPolicy(model, (await registry.model(model)).policy, options);
    });
  const set = new Command('set')
    .description('Replaces the policy of a model by a file.')
    .argument('<model>')
    .argument('<file>', 'a policy as JSON, or - for the standard input; its revision is passed over')
    .addHelpText(
      'after',
      '\nExamples:\n  eyrie policy set resnet-cifar10 policy.json' +
        '\n  eyrie policy show resnet-cifar10 --json | jq .default=2 | eyrie policy set resnet-cifar10 -',
    )
    .action(async (model: string, file: string, options: RegistryOptions) => {
      const policy = await readJson(file);
      const registry = await openRegistry(options, defaults);
      printPolicy(model, await registry.changePolicy(model, replacePolicy(policy)), options);
    });
  const rollback = new Command('rollback')
    .description(
      'Brings an earlier policy back: the latest that has no guard, so that a canary is gone with all its steps.',
    )
    .argument('<model>')
    .option('--to <revision>', 'bring back this revision exactly, its guard included', parseRevision)
    .addHelpText('after', '\nExample:\n  eyrie policy rollback resnet-cifar10')
    .action(async (model: string, options: RollbackOptions) => {
      const registry = await openRegistry(options, defaults);
      printPolicy(model, await registry.rollbackPolicy(model, options.to), options);
    });
  const setDefaultCommand = new Command('default')
    .description(
      'Lets a version, or an alias, answer everyone; where the default goes by an alias, a number moves that alias.',
    )
    .argument('<model>')
    .argument('<version>', 'number or alias', parseVersionRef)
    .addHelpText('after', '\nExample:\n  eyrie policy default resnet-cifar10 3')
    .action(async (model: string, version: number | string, options: RegistryOptions) => {
      const registry = await openRegistry(options, defaults);
      printPolicy(model, await registry.changePolicy(model, setDefault(version)), options);
    });
  return new Command('policy')
    .description('How the traffic of a model is split.')
    .addCommand(withRegistryOptions(show))
    .addCommand(withRegistryOptions(set))
    .addCommand(withRegistryOptions(setDefaultCommand))
    .addCommand(withRegistryOptions(historySubcommand(defaults)))
    .addCommand(withRegistryOptions(diffSubcommand(defaults)))
    .addCommand(withRegistryOptions(rollback));
}

async function readJson(file: string): Promise<object> {
  const source = file === '-' ? 'the standard input' : file;
  try {
    const bytes = file === '-' ? await buffer(process.stdin) : await readFile(file);
    const json: unknown = JSON.parse(utf8Text(bytes, 'it'));
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('it is no JSON object');
    return json;
  } catch (error) {
    throw new Failure(`cannot read a policy from ${source}: ${(error as Error).message}`);
  }
}
