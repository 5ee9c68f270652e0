import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { EyrieError, observe, type Limit } from '#core';
import type { ApiAccess } from '../auth/api-access';
import type { Connections } from '../http/connections';
import type { Forwarded } from '../http/forwarded';
import { isProbe } from '../http/probes';
import { PROBLEMS } from '../http/problem';
import { ClientLeftError } from '../http/request-context';
import type { RequestObserver } from '../http/request-observer';
import { toEyrieError } from '../http/to-eyrie-error';
import { tellFailure } from '../http/write-problem';
import type { BodyAdmission } from '../overload/body-admission';
import type { Admission } from '../serving/admission';
import type { Tracing } from '../tracing/tracing';
import { GrpcCall } from './call';
import { GrpcExchange } from './exchange';
import { type Message, MessageReader } from './message-reader';
import type { GrpcMethod, PairedMethod, UnaryMethod, WatchMethod } from './services';
import { GRPC, OK, STATUS, trailersOf } from './status';
import { timeoutOf } from './timeout';

export interface StageOptions {
  methods: ReadonlyMap<string, GrpcMethod>;
  access: ApiAccess;
  admission: Admission;
  bodies: BodyAdmission;
  connections: Connections;
  forwarded: Forwarded;
  observers: readonly RequestObserver[];
  tracing: Tracing | undefined;
  /** Of one message, by what its method takes. */
  most: (method: GrpcMethod) => Limit;
  /** How long a message may take to arrive, and a client may take nothing of its answer, ms. */
  bodyTime: Limit;
  /** How many calls may be open that have many messages; Infinity for no limit. */
  streams: Limit;
  logger: Logger;
}

/** Requests of one call that are under way at the same time; what comes behind them waits at the client. */
const MOST_UNDER_WAY = 32;
const HEADER_OF_GRPC = /^application\/grpc(\+proto)?(;|$)/;

/** A call from its first byte to its last. */
interface Open {
  call: GrpcCall;
  exchange: GrpcExchange;
  path: string;
}

/** What every call passes, as `FirstStage` is what every request over HTTP does: context, trace, admission, message, answer, status. */
export class GrpcStage {
  private readonly streams = new Set<() => void>();
  private isDraining = false;

  constructor(private readonly options: StageOptions) {}

  take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, socket: Socket): void {
    const { options } = this;
    const path = headers[':path'] ?? '';
    const call = new GrpcCall(stream, options.bodyTime.value);
    const exchange = new GrpcExchange(headers, socket, path, (name, value) => call.setMetadata(name, value));
    const session = stream.session as ServerHttp2Session;
    options.connections.begin(socket, exchange, () => session.close());
    const method = options.methods.get(path);
    stream.once('close', () => this.closed(exchange, method?.kind === 'paired'));
    if (headers[':method'] !== 'POST' || !HEADER_OF_GRPC.test(headers['content-type'] ?? '')) {
      exchange.answered(415);
      call.refuse(415);
      return;
    }
    void this.answer(method, { call, exchange, path });
  }

  /** Calls of many messages end, each behind what it has asked already. */
  drain(): void {
    this.isDraining = true;
    for (const end of this.streams) end();
  }

  private readerOf({ stream }: GrpcCall, method: GrpcMethod): MessageReader {
    const { bodies, bodyTime, most } = this.options;
    return new MessageReader(stream, {
      most: most(method),
      lease: (bytes, onRevoked) => bodies.lease(bytes, onRevoked),
      time: bodyTime,
    });
  }

  private async answer(method: GrpcMethod | undefined, open: Open): Promise<void> {
    const { call, exchange, path } = open;
    const { context, headers } = exchange;
    let timer: NodeJS.Timeout | undefined;
    try {
      exchange.setHeader('X-Request-Id', context.requestId);
      if (!method) throw new EyrieError('ROUTE_NOT_FOUND', `there is no method ${path.slice(0, 200)} here`);
      context.route = path;
      context.access = method.access;
      this.openTrace(exchange, path);
      const timeoutMs = timeoutOf(headers['grpc-timeout']);
      if (timeoutMs !== undefined) timer = setTimeout(() => this.late(open, timeoutMs), timeoutMs);
      await this.by(method, open);
      this.end(exchange, call);
    } catch (error) {
      this.fail(exchange, call, error);
    } finally {
      clearTimeout(timer);
    }
  }

  private openTrace({ context, headers }: GrpcExchange, path: string): void {
    const { tracing, forwarded } = this.options;
    if (!tracing || isProbe(path)) return;
    const traced = { headers: { ...headers, host: headers[':authority'] as string }, method: 'POST', httpVersion: '2' };
    const scheme = headers[':scheme'] === 'https' ? 'https' : forwarded.schemeOf({ headers });
    context.trace = tracing.open(traced, path, scheme);
  }

  private by(method: GrpcMethod, open: Open): Promise<void> {
    const reader = this.readerOf(open.call, method);
    if (method.kind === 'unary') return this.unary(method, open, reader);
    return this.inStream(open, reader, (end) => {
      return method.kind === 'paired' ? this.paired(method, open, reader) : this.watched(method, open, reader, end);
    });
  }

  private async unary({ answer }: UnaryMethod, { call, exchange }: Open, reader: MessageReader): Promise<void> {
    this.options.admission.enter(exchange, exchange, exchange.context);
    const { bytes, lease } = await reader.only();
    this.options.bodies.hold(exchange, lease);
    await call.send(await answer(bytes, exchange));
  }

  /** A call that stays has a place among those that do, whatever it asks. @param run its signal aborts when it is to end, or has ended */
  private async inStream(
    { exchange }: Open,
    reader: MessageReader,
    run: (end: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const { access, streams } = this.options;
    const { context } = exchange;
    if (context.access !== undefined && context.access !== 'public') access.require(context.access, exchange, exchange);
    if (this.isDraining) throw isShuttingDown();
    if (this.streams.size >= streams.value) {
      const detail = `${this.streams.size} streams are open, and there may be no more; try again later`;
      throw new EyrieError('OVERLOADED', detail, { bound: streams, retryAfterSeconds: 1 });
    }
    const ending = new AbortController();
    const end = (): void => {
      ending.abort();
      reader.stop(isShuttingDown());
    };
    this.streams.add(end);
    exchange.once('close', () => {
      this.streams.delete(end);
      ending.abort();
    });
    await run(ending.signal);
  }

  private async paired(method: PairedMethod, open: Open, reader: MessageReader): Promise<void> {
    const { logged } = open.exchange.context;
    const underWay: Promise<void>[] = [];
    let tail: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        if (this.isDraining) throw isShuttingDown();
        const message = await reader.next();
        if (!message) break;
        logged.messages = Number(logged.messages ?? 0) + 1;
        const before = tail;
        tail = this.one(method, message, open, before);
        // Who waits for it is told.
        tail.catch(() => undefined);
        underWay.push(tail);
        if (underWay.length >= MOST_UNDER_WAY) await underWay.shift();
      }
    } finally {
      await tail;
    }
  }

  /** One message of many: a request of its own, which counts, is logged and may fail by itself. */
  private async one(method: PairedMethod, message: Message, open: Open, before: Promise<void>): Promise<void> {
    const { call, path } = open;
    const { headers, socket, context } = open.exchange;
    const exchange = new GrpcExchange({ ...headers, 'x-request-id': context.requestId }, socket, path);
    Object.assign(exchange.context, { route: path, access: context.access, scope: context.scope, trace: undefined });
    if (context.logged.key_id !== undefined) exchange.context.logged.key_id = context.logged.key_id;
    this.openTrace(exchange, path);
    this.options.bodies.hold(exchange, message.lease);
    const left = (): void => this.closed(exchange);
    call.stream.once('close', left);
    try {
      const { parts, status } = await this.answerOne(method, message, exchange);
      await before;
      await call.send(parts);
      exchange.answered(status);
    } finally {
      call.stream.off('close', left);
      this.closed(exchange);
    }
  }

  private async answerOne(method: PairedMethod, { bytes }: Message, exchange: GrpcExchange) {
    try {
      this.options.admission.enter(exchange, exchange, exchange.context);
      const parts = await method.answer(bytes, exchange);
      exchange.context.logged.grpc_status = GRPC.OK;
      return { parts, status: 200 };
    } catch (thrown) {
      if (exchange.context.hasLeft) throw thrown;
      const error = toEyrieError(thrown);
      const detail = tellFailure(exchange.context, error, this.options.logger);
      exchange.context.logged.grpc_status = STATUS[error.code];
      return { parts: method.failure(detail, error, bytes), status: PROBLEMS[error.code].status };
    }
  }

  private async watched(
    method: WatchMethod,
    { call, exchange }: Open,
    reader: MessageReader,
    end: AbortSignal,
  ): Promise<void> {
    const { bytes, lease } = await reader.only();
    lease.release();
    await method.watch(bytes, (parts) => call.send(parts), end);
    if (end.aborted && !exchange.context.hasLeft) throw isShuttingDown();
  }

  private end(exchange: GrpcExchange, call: GrpcCall): void {
    exchange.context.logged.grpc_status = GRPC.OK;
    call.stream.once('finish', () => exchange.answered(200));
    call.end(OK);
  }

  private fail(exchange: GrpcExchange, call: GrpcCall, thrown: unknown): void {
    const { context } = exchange;
    if (call.hasEnded) return;
    if (context.hasLeft || thrown instanceof ClientLeftError) {
      call.stream.destroy();
      return;
    }
    const error = toEyrieError(thrown);
    tellFailure(context, error, this.options.logger);
    context.logged.grpc_status = STATUS[error.code];
    call.stream.once('finish', () => exchange.answered(PROBLEMS[error.code].status));
    call.end(trailersOf(error));
  }

  /** As when it had left: a time that clients choose says nothing about a version. */
  private late({ call, exchange }: Open, timeoutMs: number): void {
    if (call.hasEnded) return;
    const { context } = exchange;
    const detail = `no answer within the ${timeoutMs} ms that the client waits (grpc-timeout)`;
    const error = new EyrieError('DEADLINE_EXCEEDED', detail, { bound: 'fixed' });
    Object.assign(context.logged, { code: error.code, detail, grpc_status: GRPC.DEADLINE_EXCEEDED });
    context.leave();
    call.end(trailersOf(error));
  }

  /** @param isOfMany its messages have been told of one by one */
  private closed(exchange: GrpcExchange, isOfMany = false): void {
    const ending = exchange.close();
    if (!ending) return;
    const { context } = exchange;
    if (isOfMany && context.logged.messages !== undefined && context.logged.code === undefined) return;
    for (const observer of this.options.observers) observe('request', () => observer.closed(context, ending));
  }
}

function isShuttingDown(): EyrieError {
  const detail = 'the server is shutting down; ask again, on another connection';
  return new EyrieError('OVERLOADED', detail, { bound: 'fixed', retryAfterSeconds: 1 });
}
