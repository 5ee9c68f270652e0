import type { Command } from 'commander';
import { type OutputOptions, withOutputOptions } from '../output/format';
import { UsageError } from '../usage-error';
import { FolderAccess } from './folder-access';
import type { RegistryAccess } from './registry-access';
import { ServerAccess } from './server-access';
import { parseServerUrl } from './server-url';

/** Where a command finds the registry, as its flags say; undefined where there was no such flag. */
export interface RegistryOptions extends OutputOptions {
  registry?: string;
  server?: string;
  key?: string;
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
  return withOutputOptions(
    command
      .option('--registry <folder>', 'the model registry (default: MODEL_REGISTRY, or else ./model-registry)')
      .option('--server <url>', 'a running server instead of a folder (default: EYRIE_SERVER)')
      .option('--key <key>', 'a key of the server (default: EYRIE_KEY)'),
  );
}

/** A flag wins over the environment: `--registry` is the folder, also where EYRIE_SERVER is set. @throws UsageError */
export async function openRegistry(options: RegistryOptions, defaults: RegistryDefaults): Promise<RegistryAccess> {
  return serverOf(options, defaults) ?? (await FolderAccess.open(folderOf(options, defaults)));
}

/** The server that a command is sent to; undefined where it works on a folder. @throws UsageError */
export function serverOf(options: RegistryOptions, defaults: RegistryDefaults): ServerAccess | undefined {
  const { registry, server } = options;
  if (registry !== undefined && server !== undefined) {
    throw new UsageError('give either --registry, for a folder, or --server, for a running server');
  }
  return registry === undefined ? openServer(options, defaults) : undefined;
}

export function folderOf({ registry }: RegistryOptions, defaults: RegistryDefaults): string {
  return registry ?? defaults.registry;
}

/**
 * The folder of a command that cannot be sent to a server.
 * @param why what the command needs a folder for, as the end of a sentence
 * @throws UsageError where the environment names a server: what was done would be done to something else than is meant
 */
export function folderAlone({ registry }: { registry?: string }, defaults: RegistryDefaults, why: string): string {
  if (registry === undefined && defaults.server !== undefined) {
    throw new UsageError(`this ${why} and is not sent to the server that EYRIE_SERVER names; give --registry FOLDER`);
  }
  return registry ?? defaults.registry;
}

/** Undefined when neither the flags nor the environment name a server. @throws UsageError */
export function openServer(
  { server, key }: Pick<RegistryOptions, 'server' | 'key'>,
  defaults: Omit<RegistryDefaults, 'registry'>,
): ServerAccess | undefined {
  const text = server ?? defaults.server;
  if (text === undefined) return undefined;
  const url = parseServerUrl(text, server === undefined ? 'EYRIE_SERVER' : '--server');
  const secret = key ?? defaults.key;
  // It becomes a header, which takes nothing else; what it is stays unsaid.
  if (secret !== undefined && /[^\x21-\x7e]/.test(secret)) {
    throw new UsageError(
      'the key (--key, EYRIE_KEY) has white space, or characters that no key has: copy it whole, and alone',
    );
  }
  return new ServerAccess(url, secret);
}
