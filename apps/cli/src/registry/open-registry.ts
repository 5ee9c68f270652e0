import type { Command } from 'commander';
import { UsageError } from '../usage-error';
import { FolderAccess } from './folder-access';
import type { RegistryAccess } from './registry-access';
import { ServerAccess } from './server-access';
import { parseServerUrl } from './server-url';

/** Where a command finds the registry, as its flags say; undefined where there was no such flag. */
export interface RegistryOptions {
  registry?: string;
  server?: string;
  key?: string;
  json?: boolean;
}

/** What the environment says where the flags do not. */
export interface RegistryDefaults {
  registry: string;
  server?: string;
  key?: string;
}

/**
 * The environment is named in the help and no default of commander's: commander would print its value, a key too, and
 * a flag could not be told from a variable.
 */
export function withRegistryOptions(command: Command): Command {
  return command
    .option('--registry <folder>', 'the model registry (default: MODEL_REGISTRY, or else ./model-registry)')
    .option('--server <url>', 'a running server instead of a folder (default: EYRIE_SERVER)')
    .option('--key <key>', 'its admin key (default: EYRIE_KEY)')
    .option('--json', 'print JSON');
}

/** A flag wins over the environment: `--registry` is the folder, also where EYRIE_SERVER is set. @throws UsageError */
export async function openRegistry(options: RegistryOptions, defaults: RegistryDefaults): Promise<RegistryAccess> {
  const { registry, server } = options;
  if (registry !== undefined && server !== undefined) {
    throw new UsageError('give either --registry, for a folder, or --server, for a running server');
  }
  if (registry !== undefined) return FolderAccess.open(registry);
  return openServer(options, defaults) ?? (await FolderAccess.open(defaults.registry));
}

/** Undefined when neither the flags nor the environment name a server. @throws UsageError */
export function openServer(
  { server, key }: Pick<RegistryOptions, 'server' | 'key'>,
  defaults: Omit<RegistryDefaults, 'registry'>,
): ServerAccess | undefined {
  const text = server ?? defaults.server;
  if (text === undefined) return undefined;
  const url = parseServerUrl(text, server === undefined ? 'EYRIE_SERVER' : '--server');
  return new ServerAccess(url, key ?? defaults.key);
}
