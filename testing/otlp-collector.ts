import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'protobufjs';

/**
 * What is needed of opentelemetry/proto/collector/trace/v1/trace_service.proto and the files that it imports, version
 * 1.7: names and numbers. Fields that are not listed are skipped.
 */
const TRACE_SERVICE = parse(`
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1;
    bytes span_id = 2;
    string trace_state = 3;
    bytes parent_span_id = 4;
    string name = 5;
    int32 kind = 6;
    fixed64 start_time_unix_nano = 7;
    fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9;
    Status status = 15;
  }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; }
  }
`).root.lookupType('ExportTraceServiceRequest');

/** A span as it came over the wire. Ids are in hex, times in milliseconds since 1970. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentSpanId: string;
  traceState: string;
  name: string;
  kind: 'internal' | 'server' | 'client' | 'other';
  start: number;
  end: number;
  attributes: Record<string, unknown>;
  /** 0 unset, 1 ok, 2 error */
  status: number;
  resource: Record<string, unknown>;
}

interface Wire {
  resourceSpans: { resource?: { attributes: KeyValue[] }; scopeSpans: { spans: WireSpan[] }[] }[];
}
interface WireSpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId: Uint8Array;
  traceState: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  status?: { code: number };
}
interface KeyValue {
  key: string;
  value: { value?: string } & Record<string, unknown>;
}

/** Receives traces as an OpenTelemetry collector does: OTLP over HTTP, in protobuf. */
export class OtlpCollector {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: { path: string; headers: IncomingHttpHeaders }[] = [];

  private constructor(private readonly server: Server) {}

  /** @param hangs accepts requests and never answers */
  static start({ hangs = false } = {}): Promise<OtlpCollector> {
    const server = createServer((req, res) => {
      collector.requests.push({ path: req.url!, headers: req.headers });
      if (hangs) return;
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        collector.take(Buffer.concat(chunks));
        res.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end();
      });
    });
    const collector = new OtlpCollector(server);
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(collector)));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private take(body: Uint8Array): void {
    const options = { longs: String, arrays: true, defaults: true, oneofs: true };
    const { resourceSpans } = TRACE_SERVICE.toObject(TRACE_SERVICE.decode(body), options) as Wire;
    for (const { resource, scopeSpans } of resourceSpans) {
      const of = record(resource?.attributes ?? []);
      for (const { spans } of scopeSpans) this.spans.push(...spans.map((span) => received(span, of)));
    }
  }
}

const KINDS = ['other', 'internal', 'server', 'client'] as const;

function received(span: WireSpan, resource: Record<string, unknown>): ReceivedSpan {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState,
    name: span.name,
    kind: KINDS[span.kind] ?? 'other',
    start: milliseconds(span.startTimeUnixNano),
    end: milliseconds(span.endTimeUnixNano),
    attributes: record(span.attributes),
    status: span.status?.code ?? 0,
    resource,
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Of nanoseconds, which are more than a number holds. */
function milliseconds(nanoseconds: string): number {
  return Number(BigInt(nanoseconds) / 1_000_000n) + Number(BigInt(nanoseconds) % 1_000_000n) / 1e6;
}

function record(attributes: KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const found = value.value === undefined ? undefined : value[value.value];
      return [key, value.value === 'intValue' ? Number(found) : found];
    }),
  );
}
