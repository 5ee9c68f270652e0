import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readEnvFile } from '#validation';
import { Failure } from './failure';
import type { RegistryDefaults } from './registry/open-registry';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says of the signatures of versions. */
export interface SignatureDefaults {
  /** Paths of public keys, as MODEL_PUBLIC_KEYS has them for the server. */
  publicKeys: readonly string[];
  /** A version without a signature is no fault, as MODEL_SIGNATURES says to the server. */
  allowUnsigned: boolean;
  /** Of private keys that are encrypted. */
  passphrase?: string;
}

/** What the environment says to the command line, beside what is typed. */
export interface Surroundings extends RegistryDefaults {
  /** The base URL to use instead of the catalog's URLs. */
  mirror?: string;
  /** The model of commands that name none, as MODEL_NAME says to the server. */
  model?: string;
  signatures: SignatureDefaults;
  /** All of it, with what a file `.env` adds, for a process that is started. */
  environment: Environment;
}

/**
 * Reads the environment, and a file `.env` as the server does, or the two would look after different registries. An empty
 * variable counts as not set, as it does for the server.
 * @param folder where the person stands
 * @param checkout where Eyrie lies: its `.env` and its models are taken where there are none
 * @throws Failure where there is a `.env` that cannot be read
 */
export function readSurroundings(env: Environment, folder: string, checkout: string): Surroundings {
  const isHome = existsSync(join(folder, '.env')) || existsSync(join(folder, 'model-registry'));
  const home = isHome ? folder : checkout;
  const file = dotEnv(home);
  const own = 'MODEL_REGISTRY' in env ? env.MODEL_REGISTRY : undefined;
  // What is written in a file is meant from there.
  const written = 'MODEL_REGISTRY' in env ? undefined : file.MODEL_REGISTRY;
  const usual = isHome ? './model-registry' : join(home, 'model-registry');
  const registry = own || (written && (isHome ? written : resolve(home, written))) || usual;
  const environment: Record<string, string | undefined> = { ...file, ...env, MODEL_REGISTRY: registry };
  if (!('MODEL_PUBLIC_KEYS' in env) && !isHome && file.MODEL_PUBLIC_KEYS) {
    environment.MODEL_PUBLIC_KEYS = listed(file.MODEL_PUBLIC_KEYS)
      .map((path) => resolve(home, path))
      .join(',');
  }
  return {
    registry,
    server: environment.EYRIE_SERVER || undefined,
    key: environment.EYRIE_KEY || undefined,
    mirror: environment.EYRIE_MODEL_MIRROR || undefined,
    model: environment.MODEL_NAME || undefined,
    signatures: signaturesIn(environment),
    environment,
  };
}

function signaturesIn({ MODEL_PUBLIC_KEYS, MODEL_SIGNATURES, EYRIE_KEY_PASSPHRASE }: Environment): SignatureDefaults {
  return {
    publicKeys: listed(MODEL_PUBLIC_KEYS ?? ''),
    // What the server would refuse to start with is not taken for leave.
    allowUnsigned: ['', 'optional'].includes(MODEL_SIGNATURES ?? ''),
    passphrase: EYRIE_KEY_PASSPHRASE || undefined,
  };
}

/** `"a, b,"` → `["a", "b"]` */
function listed(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function dotEnv(folder: string): Record<string, string> {
  try {
    return readEnvFile(join(folder, '.env'));
  } catch (error) {
    throw new Failure((error as Error).message);
  }
}
