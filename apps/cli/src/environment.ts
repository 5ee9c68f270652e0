import dotenv from 'dotenv';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RegistryDefaults } from './registry/open-registry';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says to the command line, beside what is typed. */
export interface Surroundings extends RegistryDefaults {
  /** The base URL to use instead of the catalog's URLs. */
  mirror?: string;
  /** The model of commands that name none, as MODEL_NAME says to the server. */
  model?: string;
  /** All of it, with what a file `.env` adds, for a process that is started. */
  environment: Environment;
}

/**
 * Reads the environment, and a file `.env` as the server does, or the two would look after different registries. An empty
 * variable counts as not set, as it does for the server.
 * @param folder where the person stands
 * @param checkout where Eyrie lies: its `.env` and its models are taken where there are none
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
  const environment = { ...file, ...env };
  return {
    registry,
    server: environment.EYRIE_SERVER || undefined,
    key: environment.EYRIE_KEY || undefined,
    mirror: environment.EYRIE_MODEL_MIRROR || undefined,
    model: environment.MODEL_NAME || undefined,
    environment: { ...environment, MODEL_REGISTRY: registry },
  };
}

function dotEnv(folder: string): Record<string, string> {
  try {
    return dotenv.parse(readFileSync(join(folder, '.env')));
  } catch {
    // There is none, or it is no file.
    return {};
  }
}
