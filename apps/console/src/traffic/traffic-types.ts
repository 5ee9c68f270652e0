import type { Policy } from '../shell/api-types.js';

/* What docs/TRAFFIC.md says of the bodies, as far as the console shows it. */

export interface Window {
  readonly requests: number;
  readonly error_rate: number;
  readonly p95_ms: number | null;
}

export interface GuardStatus {
  readonly variant: string;
  readonly weight: number;
  readonly step_age_s: number;
  readonly action: 'hold' | 'promote' | 'roll-back';
  readonly reason: string;
  readonly canary: Window;
  readonly others: Window;
  readonly comparisons: number;
  readonly disagreement: number;
}

export interface Opinion {
  readonly version: number;
  readonly label?: string;
  readonly confidence?: number;
  readonly output?: string;
  readonly value?: unknown;
}

export interface Shadow {
  readonly version: number;
  readonly compared: number;
  readonly agreed: number;
  readonly failed: number;
  readonly dropped: number;
  readonly confidence_shift: number;
  readonly latency_difference_ms: number;
  readonly disagreements: readonly {
    readonly at: string;
    readonly request_id: string;
    readonly answered: Opinion;
    readonly shadow: Opinion;
  }[];
}

export interface TrafficEvent {
  readonly at: string;
  readonly type: string;
  readonly detail: string;
}

export interface PolicyRevision {
  readonly revision: number;
  readonly policy?: Policy;
  readonly restores?: number;
  readonly problem?: string;
}
