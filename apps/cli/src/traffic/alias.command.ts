import { Command } from 'commander';
import { removeAlias, setAlias } from '#registry';
import { parseAlias, parseVersionNumber } from '../parse';
import {
  openRegistry,
  withRegistryOptions,
  type RegistryDefaults,
  type RegistryOptions,
} from '../registry/open-registry';
import { printPolicy } from './policy-report';

export function aliasCommand(defaults: RegistryDefaults): Command {
  const set = new Command('set')
    .description('Lets an alias name a version.')
    .argument('<model>')
    .argument('<alias>', 'its name', parseAlias)
    .argument('<version>', 'number of the version', parseVersionNumber)
    .addHelpText('after', '\nExample:\n  eyrie alias set resnet-cifar10 champion 3')
    .action(async (model: string, alias: string, version: number, options: RegistryOptions) => {
      const registry = await openRegistry(options, defaults);
      printPolicy(model, await registry.changePolicy(model, setAlias(alias, version)), options);
    });
  const remove = new Command('remove')
    .description('Removes an alias.')
    .argument('<model>')
    .argument('<alias>', 'its name', parseAlias)
    .addHelpText('after', '\nExample:\n  eyrie alias remove resnet-cifar10 challenger')
    .action(async (model: string, alias: string, options: RegistryOptions) => {
      const registry = await openRegistry(options, defaults);
      printPolicy(model, await registry.changePolicy(model, removeAlias(alias)), options);
    });
  return new Command('alias')
    .description('Names for versions.')
    .addCommand(withRegistryOptions(set))
    .addCommand(withRegistryOptions(remove));
}
