import { readManifest, type ModelStore } from '#registry';

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
