import { Command } from 'commander';
import { FolderStore, removeModel, removeVersion } from '#registry';
import { parseVersionNumber } from '../parse';
import { namingPolicy } from '../registry/stored-policy';
import { UsageError } from '../usage-error';

export function removeCommand(registry: string): Command {
  return new Command('remove')
    .description('Removes a version from a registry folder, for good. Servers unload it at their next look.')
    .argument('<model>')
    .argument('[version]', 'number of the version', parseVersionNumber)
    .option('--all', 'the model, with all its versions and its policy')
    .option('--registry <folder>', 'the model registry', registry)
    .addHelpText(
      'after',
      '\nExample:\n  npm run eyrie -- models remove resnet-cifar10 4\n\nA version that the policy names stays.',
    )
    .action(async (model: string, version: number | undefined, options: { registry: string; all?: boolean }) => {
      if ((version === undefined) !== (options.all ?? false)) {
        throw new UsageError('give either the number of a version or --all');
      }
      const store = await FolderStore.open(options.registry);
      if (version === undefined) await removeModel(store, model);
      else await namingPolicy(store, model, () => removeVersion(store, model, version));
      console.log(version === undefined ? `${model} is removed` : `${model} version ${version} is removed`);
    });
}
