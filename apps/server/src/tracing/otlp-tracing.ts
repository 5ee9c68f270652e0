import { diag, DiagLogLevel, trace, type DiagLogger, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { resolvesWithin } from '#core';
import { RequestSpan } from './request-span';
import type { RequestTrace, Tracing } from './tracing';

/** A collector that is away fails every few seconds; the log need not say so each time. */
const SAME_MESSAGE_MS = 60_000;

/**
 * Spans by OpenTelemetry's SDK, sent as OTLP over HTTP. Sampler, batches, limits, headers, timeouts and certificates
 * are what OTEL_* variables say. Spans wait in a bounded queue and are sent in the background; when the collector does
 * not keep up they are dropped, and no request waits for it.
 */
export class OtlpTracing implements Tracing {
  private readonly provider: NodeTracerProvider;
  private readonly tracer: Tracer;

  /** @param secrets never to be logged */
  constructor(service: { name: string; version: string }, logger: Logger, secrets: readonly string[]) {
    diag.setLogger(intoLog(logger, secrets), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    this.provider = new NodeTracerProvider({
      resource: defaultResource()
        .merge(resourceFromAttributes({ [ATTR_SERVICE_NAME]: service.name, [ATTR_SERVICE_VERSION]: service.version }))
        .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] })),
      spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
    });
    // Brings the propagator of W3C Trace Context. Spans are handed on by hand, which spares every request the cost of
    // an AsyncLocalStorage.
    this.provider.register({ contextManager: null });
    this.tracer = trace.getTracer('eyrie', service.version);
  }

  open(req: IncomingMessage, path: string, scheme: string): RequestTrace {
    return new RequestSpan(this.tracer, req, path, scheme);
  }

  async stop(timeoutMs: number): Promise<void> {
    // Why it failed has been logged by then.
    await resolvesWithin(
      timeoutMs,
      this.provider.shutdown().catch(() => undefined),
    );
  }
}

function intoLog(logger: Logger, secrets: readonly string[]): DiagLogger {
  const lastAt = new Map<string, number>();
  const write =
    (level: 'error' | 'warn' | 'info' | 'debug' | 'trace') =>
    (message: string): void => {
      const text = secrets.reduce((said, secret) => said.replaceAll(secret, '***'), `tracing: ${plain(message)}`);
      const now = performance.now();
      if (now - (lastAt.get(text) ?? -Infinity) < SAME_MESSAGE_MS) return;
      // Messages may hold numbers that never come again.
      if (lastAt.size >= 100) lastAt.clear();
      lastAt.set(text, now);
      logger[level](text);
    };
  // Traces that are lost are no failure of the service.
  return {
    error: write('warn'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    verbose: write('trace'),
  };
}

/** The SDK reports errors as JSON of all their properties. */
function plain(message: string): string {
  try {
    const error = JSON.parse(message) as { message?: string; name?: string; code?: string };
    return [error.name, error.code, error.message].filter(Boolean).join(' ');
  } catch {
    return message;
  }
}
