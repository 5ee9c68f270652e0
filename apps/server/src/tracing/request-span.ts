import {
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type HrTime,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_FULL,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from '@opentelemetry/semantic-conventions';
import { EyrieError, monotonicNow } from '#core';
import { type Stage } from '#inference';
import type { Route } from '#routing';
import type { FetchTrace, PredictionTrace, RequestTrace, TracedEnding, TracedRequest } from './tracing';

/**
 * The server span of a request, as OpenTelemetry's conventions for HTTP want it, and those below it.
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export class RequestSpan implements RequestTrace {
  private readonly span: Span;
  private readonly context: Context;
  private readonly method: string;
  /** Added to monotonicNow(), gives the time of day. One for the whole trace, so that its spans fit together. */
  // eslint-disable-next-line no-restricted-properties -- collectors want the time of day
  private readonly offset = Date.now() - monotonicNow();

  constructor(
    private readonly tracer: Tracer,
    req: TracedRequest,
    path: string,
    scheme: string,
  ) {
    const parent = propagation.extract(ROOT_CONTEXT, req.headers);
    const { method = '' } = req;
    this.method = KNOWN_METHODS.has(method) ? method : 'HTTP';
    this.span = tracer.startSpan(
      this.method,
      { kind: SpanKind.SERVER, startTime: this.at(monotonicNow()), attributes: attributesOf(req, path, scheme) },
      parent,
    );
    // What callers send as baggage is not passed on to hosts that other callers name.
    this.context = trace.setSpan(ROOT_CONTEXT, this.span);
  }

  get ids(): RequestTrace['ids'] {
    const { traceId, spanId } = this.span.spanContext();
    return { trace_id: traceId, span_id: spanId };
  }

  fetch(method: string, url: URL, resend: number): FetchTrace {
    const span = this.tracer.startSpan(
      method,
      {
        kind: SpanKind.CLIENT,
        startTime: this.at(monotonicNow()),
        attributes: {
          [ATTR_HTTP_REQUEST_METHOD]: method,
          // Neither query nor password: they may be secrets.
          [ATTR_URL_FULL]: url.origin + url.pathname,
          [ATTR_SERVER_ADDRESS]: url.hostname,
          [ATTR_SERVER_PORT]: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
          ...(resend > 0 && { [ATTR_HTTP_REQUEST_RESEND_COUNT]: resend }),
        },
      },
      this.context,
    );
    const headers: Record<string, string> = {};
    propagation.inject(trace.setSpan(this.context, span), headers);
    return {
      headers,
      end: ({ status, error }) => {
        if (status !== undefined) span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status);
        if (error !== undefined) fail(span, error);
        else if (status !== undefined && status >= 400) fail(span, String(status));
        span.end(this.at(monotonicNow()));
      },
    };
  }

  prediction({ version, variant }: Route, index?: number): PredictionTrace {
    const attributes: Attributes = { 'eyrie.model': version.model, 'eyrie.version': version.version };
    if (variant !== null) attributes['eyrie.variant'] = variant;
    if (index !== undefined) attributes['eyrie.image.index'] = index;
    const span = this.tracer.startSpan('predict', { startTime: this.at(monotonicNow()), attributes }, this.context);
    const context = trace.setSpan(this.context, span);
    return {
      onStage: (stage) => this.stage(stage, context),
      end: ({ source, error }) => {
        if (source !== undefined) span.setAttribute('eyrie.source', source);
        if (error !== undefined) fail(span, error);
        span.end(this.at(monotonicNow()));
      },
    };
  }

  end({ status, isAnswered, sent }: TracedEnding, route: string | undefined, code: unknown): void {
    if (route !== undefined) {
      this.span.updateName(`${this.method} ${route}`);
      this.span.setAttribute(ATTR_HTTP_ROUTE, route);
    }
    if (sent !== undefined) this.span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, sent);
    if (!isAnswered) this.span.setAttribute(ATTR_ERROR_TYPE, 'CLIENT_LEFT');
    else if (status >= 400) {
      this.span.setAttribute(ATTR_ERROR_TYPE, typeof code === 'string' ? code : String(status));
    }
    // What is the client's fault is no error of the server's span.
    if ((sent ?? status) >= 500) this.span.setStatus({ code: SpanStatusCode.ERROR });
    this.span.end(this.at(monotonicNow()));
  }

  /** A stage is reported when it is over, what the worker did in it by the worker's own clock readings. */
  private stage({ name, start, end, error, pid, batchSize, parts }: Stage, parent: Context): void {
    const span = this.tracer.startSpan(name, { startTime: this.at(start) }, parent);
    if (pid !== undefined) span.setAttribute('eyrie.worker.pid', pid);
    if (batchSize !== undefined) span.setAttribute('eyrie.batch.size', batchSize);
    if (error !== undefined) fail(span, error);
    const inside = trace.setSpan(parent, span);
    for (const part of parts) {
      this.tracer.startSpan(part.name, { startTime: this.at(part.start) }, inside).end(this.at(part.end));
    }
    span.end(this.at(end));
  }

  /** A reading of monotonicNow() as a time of day, in seconds and nanoseconds. */
  private at(monotonic: number): HrTime {
    const ms = monotonic + this.offset;
    const seconds = Math.floor(ms / 1000);
    return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
  }
}

/** https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/: whatever else comes is `_OTHER`. */
const KNOWN_METHODS = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY'],
]);

function attributesOf(req: TracedRequest, path: string, scheme: string): Attributes {
  const [address, port] = hostOf(req);
  const { method = '' } = req;
  return {
    [ATTR_HTTP_REQUEST_METHOD]: KNOWN_METHODS.has(method) ? method : '_OTHER',
    ...(!KNOWN_METHODS.has(method) && { [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: method }),
    // No query, no headers, no address of the client: what the log does not say, traces do not either.
    [ATTR_URL_PATH]: path,
    [ATTR_URL_SCHEME]: scheme,
    [ATTR_NETWORK_PROTOCOL_VERSION]: req.httpVersion,
    ...(address && { [ATTR_SERVER_ADDRESS]: address }),
    ...(port && { [ATTR_SERVER_PORT]: Number(port) }),
  };
}

function hostOf(req: TracedRequest): [address?: string, port?: string] {
  const [, address, port] = /^(\[[0-9a-fA-F:.]+\]|[^:]*)(?::(\d+))?$/.exec(req.headers.host ?? '') ?? [];
  return [address, port];
}

function fail(span: Span, error: unknown): void {
  const type = error instanceof EyrieError ? error.code : error instanceof Error ? error.constructor.name : error;
  span.setAttribute(ATTR_ERROR_TYPE, String(type));
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : undefined });
}
