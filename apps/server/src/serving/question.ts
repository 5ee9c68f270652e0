import type { RequestTrace } from '../tracing/tracing';
import type { Permit, Route } from '#routing';

/** What a client wants to know, of whom its permit says. */
export interface Question {
  readonly permit: Permit;
  topK?: number;
  requestId: string;
  readonly signal: AbortSignal;
  trace?: RequestTrace;
  /** Is told who answers as soon as that is sure. */
  onRoute: (route: Route) => void;
  /** Calls back when the client has its answer. */
  onAnswered: (then: () => void) => void;
}
