export { Lane } from './lane';
export { FolderStore } from './stores/folder-store';
export { loadVersion, type LoadOptions } from './versions/load-version';
export { LoadedVersion } from './versions/loaded-version';
export { type CommonFields, type Manifest, MODEL_NAME, parseManifest, runtimeOf, taskOf } from './versions/manifest';
export type { Model } from './serving/model';
export { ModelRegistry } from './serving/model-registry';
export type { LoadMode, RegistryObserver, RegistryOptions, Requirement } from './serving/registry-options';
export type { FileCall } from './stores/storage-messages';
export type { StorageOutcome } from './stores/storage-process';
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
export type { PolicyRecord } from './policy/policy-record';
export { policyHistory, type PolicyRevision } from './policy/policy-history';
export {
  draftChange,
  draftRollback,
  type PolicyDraft,
  type PolicyEdit,
  removeAlias,
  replacePolicy,
  setAlias,
  setDefault,
} from './policy/policy-change';
export { isSamePolicy } from './policy/same-policy';
export { parseRecord } from './policy/policy-record';
export { firstPolicy, writeFirstPolicy } from './policy/first-policy';
export { withoutShadowsOf } from './policy/shadow-of-default';
export { removeModel, removeVersion } from './versions/remove-version';
export { removeAbandoned, unfinishedName } from './stores/unfinished';
export { VERSION_NAME } from './stores/passed-over';
export { replaceVersion } from './stores/replaced-versions';
export { DRAFT_NAME, isFull, isReadOnly, writeWhole } from './stores/whole-file';
export { InvalidVersionError } from './versions/invalid-version';
export { LOCAL_FILES, LocalFiles } from './stores/local-files';
export { readManifest, readVersion } from './versions/version-files';
export { type RuntimeSettings, writeRuntime } from './versions/write-runtime';
export { InvalidKeyError, type PrivateKey, type PublicKey, readPrivateKey, readPublicKeys } from './signatures/keys';
export type { SignatureRules } from './signatures/signature-rules';
export { SIGNATURE_FILE } from './signatures/bundle';
export { signVersion } from './signatures/sign-version';
