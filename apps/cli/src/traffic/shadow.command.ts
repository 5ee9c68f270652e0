import { Command } from 'commander';
import { startShadow, stopShadow } from '#routing';
import { parseNumber, parseVersionRef } from '../parse';
import {
  openRegistry,
  type RegistryDefaults,
  type RegistryOptions,
  withRegistryOptions,
} from '../registry/open-registry';
import { printPolicy } from './policy-report';

interface StartOptions extends RegistryOptions {
  version: number | string;
  percent: number;
}

export function shadowCommand(defaults: RegistryDefaults): Command {
  const start = new Command('start')
    .description('Gives a version copies of requests. Nobody gets its answers.')
    .argument('<model>')
    .requiredOption('--version <version>', 'number or alias of the version', parseVersionRef)
    .option('--percent <percent>', 'of the traffic, how much is copied to it', parseNumber(0, 100), 100)
    .addHelpText('after', '\nExample:\n  eyrie shadow start resnet-cifar10 --version 3 --percent 20')
    .action(async (model: string, { version, percent, ...options }: StartOptions) => {
      const registry = await openRegistry(options, defaults);
      printPolicy(model, await registry.changePolicy(model, startShadow({ version, percent })), options);
    });
  const stop = new Command('stop')
    .description('Ends a shadow, or all shadows of a model.')
    .argument('<model>')
    .argument('[version]', 'number or alias of the version; all when left out', parseVersionRef)
    .addHelpText('after', '\nExample:\n  eyrie shadow stop resnet-cifar10 3')
    .action(async (model: string, version: number | string | undefined, options: RegistryOptions) => {
      const registry = await openRegistry(options, defaults);
      printPolicy(model, await registry.changePolicy(model, stopShadow(version)), options);
    });
  return new Command('shadow')
    .description('Tries a version on copies of requests.')
    .addCommand(withRegistryOptions(start))
    .addCommand(withRegistryOptions(stop));
}
