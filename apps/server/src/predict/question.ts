import type { VersionRef } from '#registry';
import type { Route } from '#routing';
import type { RequestTrace } from '../tracing/tracing';

/** What a client wants to know. */
export interface Question {
  model?: string;
  version?: VersionRef;
  topK?: number;
  /** The client's, or one made up for this request: the variant is chosen by it, and must stay the same. */
  routingKey: string;
  requestId: string;
  signal: AbortSignal;
  trace?: RequestTrace;
  /** Is told who answers as soon as that is known. */
  onRoute: (route: Route) => void;
  /** Calls back when the client has its answer. */
  onAnswered: (then: () => void) => void;
}
