import type { Policy, PolicyEdit } from '#registry';

/** A version as `models list` and `models show` tell of it. */
export interface VersionFacts {
  version: number;
  aliases: string[];
  /** On a running server; in a folder FAILED where the manifest cannot be used, and nothing else. */
  state?: string;
  reason?: string;
  description?: string;
  top1?: number;
}

export interface ModelFacts {
  name: string;
  policy: Policy;
  versions: VersionFacts[];
}

/** A model among others: one whose policy cannot be used is there without it, and says why. */
export type ListedModel = Omit<ModelFacts, 'policy'> & { policy?: Policy; problem?: string };

/** What the command line can do to a registry, be it a folder or a running server. */
export interface RegistryAccess {
  models(): Promise<ListedModel[]>;

  model(name: string): Promise<ModelFacts>;

  /** @returns the new policy */
  changePolicy(model: string, edit: PolicyEdit): Promise<Policy>;

  /** @param to a revision; without it, the latest before this one that has no guard */
  rollbackPolicy(model: string, to?: number): Promise<Policy>;
}
