import type { RequestHandler } from 'express';
import type { Stage } from '#inference';
import type { Route } from '#routing';

/**
 * Traces as the rest of the server sees them. What is behind it, OpenTelemetry, is loaded only when it is switched on.
 */
export interface Tracing {
  /** Opens the trace of a request and closes it when the answer is out. Must come right after `requestContext`. */
  readonly middleware: RequestHandler;
  /** Sends what is left, for at most `timeoutMs`. Never fails. */
  stop(timeoutMs: number): Promise<void>;
}

/** The trace of one request. */
export interface RequestTrace {
  /** In hex, for log lines. */
  readonly ids: { trace_id: string; span_id: string };
  /** Begins one request for an image by URL. `resend` counts the redirects before it. */
  fetch(method: string, url: URL, resend: number): FetchTrace;
  /** Begins the prediction of one image; `index` is its place in a batch request. */
  prediction(route: Route, index?: number): PredictionTrace;
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
