import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import parseurl from 'parseurl';
import type { Logger } from 'pino';
import { observe, type Limit } from '#core';
import type { FindRoute } from './routes';
import type { Tracing } from '../tracing/tracing';
import type { SetCorsHeaders } from './cors';
import { limitBodyTime } from './body-time';
import { allowedMethods, requireDescribed } from './described-requests';
import { discardBody } from './discard-body';
import { EndOfTrace, type RequestObserver } from './request-observer';
import type { ErrorForms } from './error-forms';
import { continueWhenRead } from './expect-continue';
import type { Forwarded } from './forwarded';
import { requireSoundFraming } from './framing';
import { MOST_WAITING, Pipelining } from './pipelining';
import { isProbe } from './probes';
import { endingOf, giveContext, RequestContext } from './request-context';
import { setSecurityHeaders } from './security-headers';
import { toEyrieError } from './to-eyrie-error';
import { writeProblem } from './write-problem';

/** Decides whether a request is taken on, before its body is read. */
export interface Gate {
  /** @throws EyrieError for what it is refused */
  admit(req: IncomingMessage, res: ServerResponse, context: RequestContext): void;
}

export interface FirstStageOptions {
  /** Finds the route of a path in the API's description. */
  find: FindRoute;
  /** undefined where no page of another origin may call. */
  setCorsHeaders?: SetCorsHeaders;
  forwarded: Forwarded;
  errorForms: ErrorForms;
  /** undefined where no traces are sent. */
  tracing?: Tracing;
  gate: Gate;
  /** How long a body may take to arrive, ms. */
  bodyTime: (context: RequestContext) => Limit;
  /** By which its reader is the first to give up, and says so in a problem. */
  readerFirstMs: number;
  observers: readonly RequestObserver[];
  /** How long a client may go without taking any of its answer. */
  answerTimeoutMs: number;
  logger: Logger;
}

/**
 * What every request passes first, on Node's own server: it gets its context, its headers, its trace and those who are
 * told when it is over. Then it is refused, if it has to be, or handed on to Express and Nest. An overloaded server refuses
 * several requests for each one that it answers, and what that costs is missing for answers: hence before Express.
 */
export class FirstStage {
  private readonly observers: readonly RequestObserver[];

  constructor(private readonly options: FirstStageOptions) {
    this.observers = options.tracing ? [new EndOfTrace(), ...options.observers] : options.observers;
  }

  /** @param application the listener of the server that is to see only what is not answered here */
  standBefore(application: RequestListener, server: Server): void {
    server.off('request', application);
    const take: RequestListener = (req, res) => {
      if (this.passesOn(req, res)) void application(req, res);
    };
    const { listener } = new Pipelining(take, ({ remoteAddress }) =>
      this.options.logger.warn(
        { address: remoteAddress },
        `cut a connection with more than ${MOST_WAITING} requests sent ahead`,
      ),
    );
    server.on('request', listener);
    continueWhenRead(server, (req, res) => server.emit('request', req, res));
  }

  private passesOn(req: IncomingMessage, res: ServerResponse): boolean {
    const { tracing, forwarded, errorForms, setCorsHeaders, logger } = this.options;
    const { path, query } = targetOf(req);
    const context = new RequestContext(req.headers, path);
    context.errorForm = errorForms.of(path);
    giveContext(res, context);
    // Each image of a batch listens to it.
    res.setMaxListeners(0);
    res.on('error', (error) => (context.failure = error));
    res.on('close', () => this.closed(context, req, res));
    res.on('prefinish', () => this.written(req));
    context.onWriting = () => this.limitReading(req);
    try {
      res.setHeader('X-Request-Id', context.requestId);
      setSecurityHeaders(res);
      setCorsHeaders?.(req, res);
      if (tracing && !isProbe(path)) context.trace = tracing.open(req, path, forwarded.schemeOf(req));
      const isTakenOn = this.admits(req, res, context, query);
      const time = this.options.bodyTime(context);
      limitBodyTime(req, res, time.value + this.options.readerFirstMs, time);
      return isTakenOn;
    } catch (error) {
      writeProblem(res, toEyrieError(error), logger);
      return false;
    }
  }

  /** @returns false when it has been answered. @throws EyrieError for what it is refused */
  private admits(req: IncomingMessage, res: ServerResponse, context: RequestContext, query: string): boolean {
    requireSoundFraming(req, res);
    const found = this.options.find(context.path);
    // The pages of /docs are not in the description, nor are paths that lead nowhere.
    if (!found) return true;
    context.route = found.route.template;
    context.parameters = found.parameters;
    if (req.method === 'OPTIONS') {
      res.writeHead(204, { Allow: allowedMethods(found.route) }).end();
      return false;
    }
    requireDescribed(found.route, req, res, context, query);
    context.access = found.route.access.get(req.method === 'HEAD' ? 'GET' : req.method!);
    this.options.gate.admit(req, res, context);
    return true;
  }

  /** The answer is on its way. */
  private written(req: IncomingMessage): void {
    discardBody(req);
    this.limitReading(req);
  }

  private limitReading(req: IncomingMessage): void {
    // Without it, a client that does not read would keep answer and connection for ever; Node begins anew with every piece that is taken.
    req.socket.setTimeout(this.options.answerTimeoutMs);
  }

  private closed(context: RequestContext, req: IncomingMessage, res: ServerResponse): void {
    if (!res.writableFinished) context.leave();
    const ending = endingOf(req, res);
    for (const observer of this.observers) observe('request', () => observer.closed(context, ending));
  }
}

/** As Express reads it, which finds it done then: both must see the same path. */
function targetOf(req: IncomingMessage): { path: string; query: string } {
  try {
    const { pathname, query } = parseurl(req)!;
    return { path: pathname ?? '', query: typeof query === 'string' ? query : '' };
  } catch {
    // An absolute URL that is none, which Express finds no route for.
    return { path: req.url ?? '', query: '' };
  }
}
