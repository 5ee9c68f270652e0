export { Lane } from './lane';
export { FolderStore } from './stores/folder-store';
export { loadVersion, type LoadOptions } from './versions/load-version';
export { LoadedVersion } from './versions/loaded-version';
export {
  InvalidVersionError,
  type CommonFields,
  type Manifest,
  MODEL_NAME,
  parseManifest,
  runtimeOf,
  taskOf,
} from './versions/manifest';
export type { Model } from './serving/model';
export { ModelRegistry } from './serving/model-registry';
export type { LoadMode, RegistryObserver, RegistryOptions } from './serving/registry-options';
export { type ModelStore, RegistryUnreadableError } from './stores/model-store';
export { ModelVersion, VERSION_STATES, type VersionState } from './versions/model-version';
export { OnDemandLoader, type OnDemandOptions, type Wait } from './serving/on-demand';
export {
  ALIAS,
  CanaryRules,
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
export type { PolicyRecord } from './policy/policy-files';
export { policyHistory, type PolicyRevision } from './policy/policy-history';
export {
  draftChange,
  draftRollback,
  type PolicyEdit,
  removeAlias,
  replacePolicy,
  setAlias,
} from './policy/policy-change';
export { removeModel, removeVersion } from './versions/remove-version';
export { removeAbandoned, unfinishedName } from './stores/unfinished';
export { isFull, isReadOnly } from './stores/whole-file';
export { readManifest, readVersion, sha256 } from './versions/version-files';
export { type RuntimeSettings, writeRuntime } from './versions/write-runtime';
