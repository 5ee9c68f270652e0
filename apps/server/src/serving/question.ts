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
  /** Counts an answer that is large among what all requests may hold. @throws EyrieError OVERLOADED where there is no room for it */
  holdAnswer: (bytes: number) => void;
  /** Calls back when the client has its answer. */
  onAnswered: (then: () => void) => void;
}
