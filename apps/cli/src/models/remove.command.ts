import { Command } from 'commander';
import { confirm, type ConfirmOptions, YES } from '../confirm';
import { print } from '../output/format';
import { parseVersionNumber } from '../parse';
import {
  openRegistry,
  type RegistryDefaults,
  type RegistryOptions,
  withRegistryOptions,
} from '../registry/open-registry';
import { UsageError } from '../usage-error';

interface RemoveOptions extends RegistryOptions, ConfirmOptions {
  all?: boolean;
}

export function removeCommand(defaults: RegistryDefaults): Command {
  const remove = new Command('remove')
    .description('Removes a version from a registry, for good. Servers unload it at their next look.')
    .argument('<model>')
    .argument('[version]', 'number of the version', parseVersionNumber)
    .option('--all', 'the model, with all its versions and its policy')
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample:\n  eyrie models remove resnet-cifar10 4\n\nA version that the policy names stays.',
    )
    .action(async (model: string, version: number | undefined, options: RemoveOptions) => {
      if ((version === undefined) !== (options.all ?? false)) {
        throw new UsageError('give either the number of a version or --all');
      }
      const registry = await openRegistry(options, defaults);
      const what =
        version === undefined ? `${model} with all its versions and its policy` : `${model} version ${version}`;
      await confirm(`this removes ${what}, for good`, options);
      if (version === undefined) await registry.removeModel(model);
      else await registry.removeVersion(model, version);
      print(options, { model, version }, () => `${version === undefined ? model : what} is removed`);
    });
  return withRegistryOptions(remove);
}
