import { Command } from 'commander';
import { type OutputOptions, print, withOutputOptions } from '../output/format';
import { parseVersionRef } from '../parse';
import { openServer, type RegistryDefaults } from '../registry/open-registry';

interface ServerOptions extends OutputOptions {
  server?: string;
  key?: string;
}

const LOCAL = 'http://localhost:8000';

/** `models load` or `models unload`, of a running server. */
export function loadCommand(name: 'load' | 'unload', defaults: RegistryDefaults): Command {
  const what = name === 'load' ? 'Has a running server load a version' : 'Has a running server unload a version';
  const command = new Command(name)
    .description(`${what}.`)
    .argument('<model>')
    .argument('<version>', 'number or alias', parseVersionRef)
    .option('--server <url>', `the server (default: EYRIE_SERVER, or else ${LOCAL})`)
    .option('--key <key>', 'its admin key (default: EYRIE_KEY)')
    .addHelpText('after', `\nExample:\n  eyrie models ${name} resnet-cifar10 1 --key KEY`)
    .action(async (model: string, version: number | string, options: ServerOptions) => {
      const path = `/v1/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version)}/${name}`;
      const access = openServer(options, { ...defaults, server: defaults.server ?? LOCAL })!;
      const after = await access.call<{ version: number; state: string }>('POST', path);
      print(options, after, () => `${model} version ${after.version} is ${after.state}`);
    });
  return withOutputOptions(command);
}
