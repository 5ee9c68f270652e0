import { type Manifest, type ModelStore, readManifest } from '#registry';
import type { ListedModel } from '../registry/registry-access';

export interface InstalledVersion {
  model: string;
  version: number;
}

/** Which versions of a registry are which file, by the file's SHA-256, as it is and as it was given. A version that cannot be read is left out. */
export async function installedVersions(store: ModelStore): Promise<Map<string, InstalledVersion[]>> {
  const installed = new Map<string, InstalledVersion[]>();
  for (const model of await store.listModels()) {
    for (const version of await store.listVersions(model)) {
      const folder = await store.versionFolder(model, version);
      const manifest = await readManifest(folder, model, version).catch(() => null);
      if (!manifest) continue;
      // What was added may be another file than what was given: its weights put into it, for instance.
      for (const sha256 of new Set([manifest.artifact.sha256, manifest.provenance?.sha256])) {
        if (typeof sha256 !== 'string') continue;
        installed.set(sha256, [...(installed.get(sha256) ?? []), { model, version }]);
      }
    }
  }
  return installed;
}

/** The same of the models that a server tells of. */
export function versionsByFile(models: readonly ListedModel[]): Map<string, InstalledVersion[]> {
  const installed = new Map<string, InstalledVersion[]>();
  for (const { name, versions } of models) {
    for (const { version, sha256 } of versions) {
      if (sha256 !== undefined) installed.set(sha256, [...(installed.get(sha256) ?? []), { model: name, version }]);
    }
  }
  return installed;
}

/** Says which other versions are the same file as this one. */
export async function sameFile(
  store: ModelStore,
  { name, version, artifact }: Pick<Manifest, 'name' | 'version' | 'artifact'>,
): Promise<string[]> {
  const same = ((await installedVersions(store)).get(artifact.sha256) ?? [])
    .filter((other) => other.model !== name || other.version !== version)
    .map((other) => `${other.model} version ${other.version}`);
  return same.length === 0 ? [] : [`this is the same file as ${same.join(', ')}`];
}
