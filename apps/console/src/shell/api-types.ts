/* What docs/API.md says of the bodies, as far as the console shows it. */

export type VersionState = 'UNLOADED' | 'LOADING' | 'READY' | 'FAILED' | 'UNLOADING';
export type VersionRef = number | string;

export interface Variant {
  readonly name: string;
  readonly version: VersionRef;
  readonly weight: number;
}

export interface Guard {
  readonly variant: string;
  readonly window_s: number;
  readonly min_requests: number;
  readonly max_error_rate: number;
  readonly max_p95_ratio: number;
  readonly max_disagreement?: number;
  readonly steps: readonly number[];
  readonly step_s: number;
}

export interface Policy {
  readonly revision: number;
  readonly aliases: Readonly<Record<string, number>>;
  readonly default: VersionRef;
  readonly variants?: readonly Variant[];
  readonly shadows?: readonly { readonly version: VersionRef; readonly percent: number }[];
  readonly guard?: Guard;
}

export interface VersionSummary {
  readonly version: number;
  readonly aliases: readonly string[];
  readonly state: VersionState;
  readonly reason?: string;
  readonly description?: string;
  readonly top1?: number;
  readonly sha256?: string;
}

export interface Model {
  readonly name: string;
  readonly policy: Policy;
  readonly versions: readonly VersionSummary[];
}

export interface Models {
  readonly models: readonly Model[];
  readonly passed_over: readonly string[];
}

export interface TensorSpec {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

export interface Version extends VersionSummary {
  readonly model: string;
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly labels?: readonly string[];
  readonly inputs?: readonly TensorSpec[];
  readonly outputs?: readonly TensorSpec[];
  readonly runtime?: Readonly<Record<string, unknown>>;
  readonly load_seconds?: number;
  readonly session_ms?: number;
  readonly warm_up_ms?: number;
}

export interface Classified {
  readonly class_id: number;
  readonly label: string;
  readonly confidence: number;
}

export interface Timing {
  readonly queue: number;
  readonly decode: number;
  readonly inference: number;
  readonly total: number;
}

export interface Prediction {
  readonly request_id: string;
  readonly model: { readonly name: string; readonly version: number; readonly variant: string | null };
  readonly predictions?: readonly Classified[];
  /** Of a regression. */
  readonly value?: number;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly cached: boolean;
  readonly timing_ms: Timing;
}
