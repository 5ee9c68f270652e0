import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { replacePolicy } from '#registry';
import { utf8Text } from '#validation';
import { parseRevision } from '../parse';
import {
  openRegistry,
  withRegistryOptions,
  type RegistryDefaults,
  type RegistryOptions,
} from '../registry/open-registry';
import { Failure } from '../failure';
import { printPolicy } from './policy-report';

interface RollbackOptions extends RegistryOptions {
  to?: number;
}

export function policyCommand(defaults: RegistryDefaults): Command {
  const show = new Command('show')
    .description('Shows how the traffic of a model is split.')
    .argument('<model>')
    .addHelpText('after', '\nExample:\n  npm run eyrie -- policy show resnet-cifar10')
    .action(async (model: string, options: RegistryOptions) => {
      const registry = await openRegistry(options, defaults);
      printPolicy(model, (await registry.model(model)).policy, options.json);
    });
  const set = new Command('set')
    .description('Replaces the policy of a model by a file.')
    .argument('<model>')
    .argument('<file>', 'a policy as JSON; its revision is passed over')
    .addHelpText('after', '\nExample:\n  npm run eyrie -- policy set resnet-cifar10 policy.json')
    .action(async (model: string, file: string, options: RegistryOptions) => {
      const policy = await readJson(file);
      const registry = await openRegistry(options, defaults);
      printPolicy(model, await registry.changePolicy(model, replacePolicy(policy)), options.json);
    });
  const rollback = new Command('rollback')
    .description(
      'Brings an earlier policy back: the latest that has no guard, so that a canary is gone with all its steps.',
    )
    .argument('<model>')
    .option('--to <revision>', 'bring back this revision exactly, its guard included', parseRevision)
    .addHelpText('after', '\nExample:\n  npm run eyrie -- policy rollback resnet-cifar10')
    .action(async (model: string, options: RollbackOptions) => {
      const registry = await openRegistry(options, defaults);
      printPolicy(model, await registry.rollbackPolicy(model, options.to), options.json);
    });
  return new Command('policy')
    .description('How the traffic of a model is split.')
    .addCommand(withRegistryOptions(show))
    .addCommand(withRegistryOptions(set))
    .addCommand(withRegistryOptions(rollback));
}

async function readJson(file: string): Promise<object> {
  try {
    const json: unknown = JSON.parse(utf8Text(await readFile(file), 'it'));
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('it is no JSON object');
    return json;
  } catch (error) {
    throw new Failure(`cannot read a policy from ${file}: ${(error as Error).message}`);
  }
}
