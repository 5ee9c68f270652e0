import type { Policy, PolicyEdit, PolicyRevision } from '#registry';

/** A version as `models list` and `models show` tell of it. */
export interface VersionFacts {
  version: number;
  aliases: string[];
  /** On a running server; in a folder FAILED where the manifest cannot be used, and nothing else. */
  state?: string;
  reason?: string;
  description?: string;
  top1?: number;
  /** Of the model file, 64 hex digits. */
  sha256?: string;
}

export interface ModelFacts {
  name: string;
  policy: Policy;
  versions: VersionFacts[];
}

/** A model among others: one whose policy cannot be used is there without it, and says why. */
export type ListedModel = Omit<ModelFacts, 'policy'> & { policy?: Policy; problem?: string };

export interface Listing {
  models: ListedModel[];
  /** What lies beside them and is neither a model nor a version, in sentences. */
  passedOver: string[];
}

/** What the command line can do to a registry, be it a folder or a running server. */
export interface RegistryAccess {
  listing(): Promise<Listing>;

  model(name: string): Promise<ModelFacts>;

  /** @returns the new policy */
  changePolicy(model: string, edit: PolicyEdit): Promise<Policy>;

  /** @param to a revision; without it, the latest before this one that has no guard */
  rollbackPolicy(model: string, to?: number): Promise<Policy>;

  /** Newest first, as far as they were kept. */
  history(model: string): Promise<PolicyRevision[]>;

  /** For good. */
  removeVersion(model: string, version: number): Promise<void>;

  /** With all versions and the policy, for good. */
  removeModel(model: string): Promise<void>;
}
