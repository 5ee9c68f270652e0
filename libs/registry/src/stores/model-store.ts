import type { Policy } from '../policy/policy';
import type { PolicyRecord } from '../policy/policy-files';

/**
 * Where model versions and policies are kept. Everything outside this interface is free of paths and files, save for
 * the local folder in which a version's own files can be read.
 */
export interface ModelStore {
  /** What the store is at present, for messages: a folder's path, a bucket's URL. */
  readonly location: string;

  /** Names of the models. @throws RegistryUnreadableError */
  listModels(): Promise<string[]>;

  /** The model that the registry itself names for requests that name none. @throws RegistryUnreadableError */
  readDefaultModel(): Promise<string | undefined>;

  /** Numbers of a model's versions, ascending. */
  listVersions(model: string): Promise<number[]>;

  /** Absolute path of a local folder that holds the version's files; later it may be another one. */
  versionFolder(model: string, version: number): Promise<string>;

  /** Changes whenever one of the version's files does. */
  versionFingerprint(model: string, version: number): Promise<string>;

  /** The parsed policy.json, or null where there is none. @throws InvalidPolicyError when it cannot be read */
  readPolicy(model: string): Promise<unknown>;

  /** A revision of the policy as it was written, or null where it was not kept. @throws InvalidPolicyError */
  readPolicyRecord(model: string, revision: number): Promise<PolicyRecord | null>;

  /** Numbers of the revisions of the policy that were kept, ascending. */
  policyRevisions(model: string): Promise<number[]>;

  /**
   * Makes `record` the policy if `before` still is. @throws EyrieError PRECONDITION_FAILED, REGISTRY_READ_ONLY,
   * CONFLICT when there is no room; the policy is as before then
   */
  writePolicy(model: string, record: PolicyRecord, before: Policy): Promise<void>;

  /** For good. @throws EyrieError REGISTRY_READ_ONLY */
  removeVersion(model: string, version: number): Promise<void>;

  /** With all versions and the policy. @throws EyrieError REGISTRY_READ_ONLY */
  removeModel(model: string): Promise<void>;
}

/** The registry as a whole cannot be read. */
export class RegistryUnreadableError extends Error {}
