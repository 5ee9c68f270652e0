export { FolderStore } from './stores/folder-store';
export { loadVersion, type LoadedVersion, type LoadOptions } from './versions/load-version';
export { InvalidVersionError, type Manifest, MODEL_NAME, parseManifest, runtimeOf } from './versions/manifest';
export {
  type LoadMode,
  type Model,
  ModelRegistry,
  type RegistryObserver,
  type RegistryOptions,
} from './serving/model-registry';
export { type ModelStore, RegistryUnreadableError } from './stores/model-store';
export { ModelVersion, VERSION_STATES, type VersionState } from './versions/model-version';
export { OnDemandLoader, type OnDemandOptions, type Wait } from './serving/on-demand';
export {
  ALIAS,
  Guard,
  InvalidPolicyError,
  defaultPolicy,
  parsePolicy,
  Policy,
  resolveVersion,
  routedVersions,
  Shadow,
  Variant,
  type VersionRef,
} from './policy/policy';
export {
  draftChange,
  draftRollback,
  type PolicyEdit,
  removeAlias,
  replacePolicy,
  setAlias,
} from './policy/policy-change';
export { RegistryModule, type RegistryModuleOptions } from './registry.module';
export { removeModel, removeVersion } from './versions/remove-version';
export { isFull, isReadOnly } from './stores/whole-file';
export { readManifest, readVersion, sha256 } from './versions/version-files';
export { type RuntimeSettings, writeRuntime } from './versions/write-runtime';
