import { join } from 'node:path';
import { EyrieError } from '#core';
import { parseRuntime, type Manifest } from './manifest';
import { readManifest, RUNTIME_FILE } from './version-files';
import { LOCAL_FILES } from '../stores/local-files';
import { isFull, isReadOnly, writeWhole } from '../stores/whole-file';

/** How a version is run, as its manifest says; what is left out follows the machine. */
export type RuntimeSettings = NonNullable<Manifest['runtime']>;

/**
 * Says beside a version's manifest, which stays as it is, how the version is run. It counts from the next load on.
 * @param folder the version's
 * @param runtime what takes the place of the manifest's `runtime`
 * @throws InvalidVersionError when the version or the settings are not valid; EyrieError REGISTRY_READ_ONLY, CONFLICT when there
 *   is no room: all is as before then
 */
export async function writeRuntime(
  folder: string,
  name: string,
  version: number,
  runtime: RuntimeSettings,
): Promise<void> {
  await readManifest(folder, name, version);
  parseRuntime(JSON.stringify(runtime));
  const path = join(folder, RUNTIME_FILE);
  try {
    await writeWhole(LOCAL_FILES, path, runtime);
  } catch (error) {
    const cause = { cause: error };
    if (isReadOnly(error)) throw new EyrieError('REGISTRY_READ_ONLY', `${path} cannot be written to`, cause);
    if (isFull(error)) throw new EyrieError('CONFLICT', `${path} was not written: its disk is full; make room`, cause);
    throw error;
  }
}
