import type { PredictorObserver } from '#inference';
import type { SignatureRules } from '../signatures/signature-rules';
import type { FileCall } from '../stores/storage-messages';
import type { StorageOutcome } from '../stores/storage-process';
import type { Policy } from '../policy/policy';
import type { ModelVersion } from '../versions/model-version';

/** Which versions are loaded when the registry is read: those a policy names, all, or none until asked. */
export type LoadMode = 'routed' | 'all' | 'explicit';

export type Requirement = 'all' | 'routed' | 'any';

export interface RegistryOptions {
  load: LoadMode;
  /**
   * What a registry must be able to serve to be ready at the start. `routed`, the default: all that a policy names. `all`: every version
   * that is loaded, and nothing may be passed over. `any`: one model; the others are served once they can be.
   */
  require?: Requirement;
  /** A request for a version that is not loaded waits for it, so that a registry is ready without it. */
  onDemand?: boolean;
  /** What all loaded versions may use together before one that was loaded on demand has to go, bytes; 0: no limit. */
  memoryBytes?: number;
  /** Whose signatures its versions must have; without, signatures are not looked at. */
  signatures?: SignatureRules;
  /** How long a version that is unloaded may take for what it has been asked. */
  unloadGraceMs: number;
  /** The model of requests that name none; without it, see DefaultModel. */
  defaultModel?: string;
}

/** Is told what happens, for logs and metrics; what it throws is reported as `reportObserverFailuresTo` says. */
export interface RegistryObserver {
  onState?: (version: ModelVersion) => void;
  /** @param by who wrote it, where that is known */
  onPolicy?: (model: string, policy: Policy, by?: string) => void;
  /** Something in the registry cannot be used; what served before serves on. */
  onProblem?: (model: string, problem: string) => void;
  /** What `onProblem` told of last is over. */
  onProblemGone?: (model: string, problem: string) => void;
  /** Nothing fails, but somebody should know. */
  onWarning?: (model: string, warning: string) => void;
  /** The disk has been asked. */
  onStorageCall?: (call: FileCall, seconds: number, outcome: StorageOutcome) => void;
  forVersion?: (model: string, version: number) => PredictorObserver | undefined;
}
