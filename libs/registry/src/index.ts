export { type AddedVersion, type AddOptions, type AddRequest, addVersion } from './add/add-version';
export type { Fact } from './add/facts';
export { type PresetName, PRESETS } from './add/presets';
export {
  type Catalog,
  type CatalogEntry,
  InvalidCatalogError,
  parseCatalog,
  readCatalog,
  sourcesOf,
} from './catalog/catalog';
export { download, type DownloadObserver, type DownloadOptions, type WantedFile } from './catalog/download';
export { DownloadError, DownloadStopped } from './catalog/download-errors';
export { shownUrl } from './catalog/model-url';
export { FolderStore } from './folder-store';
export { loadVersion, type LoadedVersion, type LoadOptions } from './load-version';
export { InvalidVersionError, type Manifest, MODEL_NAME, parseManifest, runtimeOf } from './manifest';
export {
  type LoadMode,
  type Model,
  ModelRegistry,
  type RegistryObserver,
  type RegistryOptions,
} from './model-registry';
export { type ModelStore, RegistryUnreadableError } from './model-store';
export { ModelVersion, VERSION_STATES, type VersionState } from './model-version';
export { OnDemandLoader, type OnDemandOptions, type Wait } from './on-demand';
export {
  ALIAS,
  type Guard,
  InvalidPolicyError,
  defaultPolicy,
  parsePolicy,
  type Policy,
  resolveVersion,
  routedVersions,
  type Shadow,
  type Variant,
  type VersionRef,
} from './policy';
export { draftChange, draftRollback, type PolicyEdit, removeAlias, replacePolicy, setAlias } from './policy-change';
export { REGISTRY_OBSERVER, RegistryModule } from './registry.module';
export { removeModel, removeVersion } from './remove-version';
export { readManifest, readVersion } from './version-files';
export { type RuntimeSettings, writeRuntime } from './write-runtime';
