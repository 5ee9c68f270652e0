import { Command } from 'commander';
import { parseVersionRef } from '../parse';
import { openServer, type RegistryDefaults } from '../registry/open-registry';

interface ServerOptions {
  server?: string;
  key?: string;
  json?: boolean;
}

const LOCAL = 'http://localhost:8000';

/** `models load` or `models unload`, of a running server. */
export function loadCommand(name: 'load' | 'unload', defaults: RegistryDefaults): Command {
  const what = name === 'load' ? 'Has a running server load a version' : 'Has a running server unload a version';
  return new Command(name)
    .description(`${what}.`)
    .argument('<model>')
    .argument('<version>', 'number or alias', parseVersionRef)
    .option('--server <url>', `the server (default: EYRIE_SERVER, or else ${LOCAL})`)
    .option('--key <key>', 'its admin key (default: EYRIE_KEY)')
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExample:\n  npm run eyrie -- models ${name} resnet-cifar10 1 --key KEY`)
    .action(async (model: string, version: number | string, options: ServerOptions) => {
      const path = `/v1/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version)}/${name}`;
      const access = openServer(options, { ...defaults, server: defaults.server ?? LOCAL })!;
      const after = await access.call<{ version: number; state: string }>('POST', path);
      console.log(
        options.json ? JSON.stringify(after, null, 2) : `${model} version ${after.version} is ${after.state}`,
      );
    });
}
