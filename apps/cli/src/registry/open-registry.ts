import type { Command } from 'commander';
import { FolderAccess } from './folder-access';
import type { RegistryAccess } from './registry-access';
import { ServerAccess } from './server-access';

/** Where a command finds the registry, as its options say. */
export interface RegistryOptions {
  registry: string;
  server?: string;
  key?: string;
  json?: boolean;
}

/** What the environment says where the options do not. */
export interface RegistryDefaults {
  registry: string;
  server?: string;
  key?: string;
}

export function withRegistryOptions(command: Command, defaults: RegistryDefaults): Command {
  return command
    .option('--registry <folder>', 'the model registry', defaults.registry)
    .option('--server <url>', 'a running server instead of a folder', defaults.server)
    .option('--key <key>', 'its admin key', defaults.key)
    .option('--json', 'print JSON');
}

export function openRegistry({ registry, server, key }: RegistryOptions): Promise<RegistryAccess> {
  return server ? Promise.resolve(new ServerAccess(server, key)) : FolderAccess.open(registry);
}
