import { EyrieError } from '#core';
import { parseManifest, type Manifest } from './manifest';
import { plainFile } from './version-files';
import { LOCAL_FILES } from '../stores/local-files';
import { isFull, isReadOnly, writeWhole } from '../stores/whole-file';

/** How a version is run, as its manifest says; what is left out follows the machine. */
export type RuntimeSettings = NonNullable<Manifest['runtime']>;

/**
 * Changes how a version is run, and nothing else of its manifest. It counts from the next load on.
 * @param folder the version's
 * @param runtime what takes the place of the manifest's `runtime`
 * @throws InvalidVersionError when the manifest, or what it would become, is not valid; EyrieError REGISTRY_READ_ONLY,
 *   CONFLICT when there is no room: the manifest is as before then
 */
export async function writeRuntime(
  folder: string,
  name: string,
  version: number,
  runtime: RuntimeSettings,
): Promise<void> {
  const { path } = await plainFile(LOCAL_FILES, folder, 'model.json');
  const text = Buffer.from(await LOCAL_FILES.read(path)).toString('utf8');
  parseManifest(text, { name, version });
  // Not the parsed manifest: what is written is what was there, in its order, but for the one key.
  const changed = { ...(JSON.parse(text) as object), runtime };
  parseManifest(JSON.stringify(changed), { name, version });
  try {
    await writeWhole(LOCAL_FILES, path, changed);
  } catch (error) {
    const cause = { cause: error };
    if (isReadOnly(error)) throw new EyrieError('REGISTRY_READ_ONLY', `${path} cannot be written to`, cause);
    if (isFull(error)) throw new EyrieError('CONFLICT', `${path} was not changed: its disk is full; make room`, cause);
    throw error;
  }
}
