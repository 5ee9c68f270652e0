import type { IncomingMessage } from 'node:http';
import type { Stage } from '#inference';
import type { Route } from '#routing';

/**
 * Traces as the rest of the server sees them. What is behind it, OpenTelemetry, is loaded only when it is switched on.
 */
export interface Tracing {
  /** Opens the trace of a request, or goes on with its caller's. @param path without the query */
  open(req: TracedRequest, path: string, scheme: string): RequestTrace;
  /** Sends what is left, for at most `timeoutMs`. Never fails. */
  stop(timeoutMs: number): Promise<void>;
}

/** What a trace tells of a request. */
export type TracedRequest = Pick<IncomingMessage, 'headers' | 'method' | 'httpVersion'>;

/** What a trace tells of its end. */
export interface TracedEnding {
  status: number;
  isAnswered: boolean;
  sent: number | undefined;
}

/** The trace of one request. */
export interface RequestTrace {
  /** In hex, for log lines. */
  readonly ids: { trace_id: string; span_id: string };
  /** Begins one request for an image by URL. `resend` counts the redirects before it. */
  fetch(method: string, url: URL, resend: number): FetchTrace;
  /** Begins the prediction of one image; `index` is its place in a batch request. */
  prediction(route: Route, index?: number): PredictionTrace;
  /** The request is over. @param route template of its path @param code what it failed with */
  end(ending: TracedEnding, route: string | undefined, code: unknown): void;
}

export interface FetchTrace {
  /** Continue the trace at whoever answers. */
  readonly headers: Readonly<Record<string, string>>;
  end(outcome: { status?: number; error?: unknown }): void;
}

export interface PredictionTrace {
  readonly onStage: (stage: Stage) => void;
  /** `source` says whether the answer was computed for this request, or known, or is shared with another. */
  end(outcome: { source?: string; error?: unknown }): void;
}
