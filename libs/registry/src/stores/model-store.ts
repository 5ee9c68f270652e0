import type { Policy } from '../policy/policy';
import type { PolicyRecord } from '../policy/policy-record';
import type { FileCalls } from './file-calls';
import type { OnPassedOver } from './passed-over';

/**
 * Where model versions and policies are kept. Everything outside this interface is free of paths and files, save for
 * the local folder in which a version's own files can be read.
 */
export interface ModelStore {
  /** What the store is at present, for messages: a folder's path, a bucket's URL. */
  readonly location: string;

  /** How a version's files are read in the folder that `versionFolder` names. */
  readonly files: FileCalls;

  /** Names of the models. @throws RegistryUnreadableError */
  listModels(onPassedOver?: OnPassedOver): Promise<string[]>;

  /** The model that the registry itself names for requests that name none. @throws RegistryUnreadableError */
  readDefaultModel(): Promise<string | undefined>;

  /** Numbers of a model's versions, ascending. */
  listVersions(model: string, onPassedOver?: OnPassedOver): Promise<number[]>;

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
   * The highest revision that was kept, be it in force or not. To be asked before the policy is read that a change builds on.
   * @throws EyrieError PRECONDITION_FAILED while somebody else's change is not finished
   */
  latestRevision(model: string): Promise<number>;

  /**
   * Makes `record` the policy if nobody has taken its revision, and keeps `before` as what it replaces.
   * @throws EyrieError PRECONDITION_FAILED, REGISTRY_READ_ONLY, CONFLICT when there is no room: the policy is as before then, and stays
   *   so; REGISTRY_UNAVAILABLE: it is not known which
   */
  writePolicy(model: string, record: PolicyRecord, before: Policy): Promise<void>;

  /**
   * Finishes a change of the policy whose writer is gone, and clears away what such writers have left.
   * @returns the revision that is in force by that
   */
  finishInterrupted(model: string, versions: readonly number[]): Promise<number | undefined>;

  /** For good. @throws EyrieError REGISTRY_READ_ONLY */
  removeVersion(model: string, version: number): Promise<void>;

  /** With all versions and the policy. @throws EyrieError REGISTRY_READ_ONLY */
  removeModel(model: string): Promise<void>;

  /** Gives back what it holds; it cannot be asked any more. */
  close(): void;
}

/** The registry as a whole cannot be read. */
export class RegistryUnreadableError extends Error {}
