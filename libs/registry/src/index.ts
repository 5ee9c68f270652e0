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
export {
  ALIAS,
  type Guard,
  InvalidPolicyError,
  parsePolicy,
  type Policy,
  resolveVersion,
  routedVersions,
  type Shadow,
  type Variant,
  type VersionRef,
} from './policy';
export { REGISTRY_OBSERVER, RegistryModule } from './registry.module';
export { readManifest, readVersion } from './version-files';
