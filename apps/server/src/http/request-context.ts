import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { ParsedUrlQuery } from 'node:querystring';
import type { ErrorForm } from './error-forms';
import type { Ending, Outgoing } from './exchange';
import type { Access, Scope } from './scopes';
import type { Permit } from '#routing';
import type { RequestTrace } from '../tracing/tracing';

/** Hangs on the way back: over HTTP Node's own response, which Express and Nest hand on as theirs. */
const CONTEXT = Symbol('context');
type WithContext = Outgoing & { [CONTEXT]?: RequestContext };

const NONE: Readonly<Record<string, never>> = Object.freeze({});

/** What belongs to one request from its first byte to its log line. */
export class RequestContext {
  readonly requestId: string;
  /** On performance.now()'s clock. */
  readonly started = performance.now();
  /** Goes into the request's log line. */
  readonly logged: Record<string, unknown> = {};
  /** The template of the route, where the API's description has one. */
  route?: string;
  /** What the path has in the places of the template's parameters, as it was sent. */
  parameters: Readonly<Record<string, string>> = NONE;
  query: Readonly<ParsedUrlQuery> = NONE;
  /** What its route declares; undefined where it declares nothing, or is none of ours. */
  access?: Access;
  /** The scope that the request has been found to have. */
  scope?: Scope;
  /** Who answers it, where it is a prediction that has been taken on. */
  permit?: Permit;
  /** How the path's dialect tells of errors; undefined where they are problems. */
  errorForm?: ErrorForm;
  /** Where traces are sent and the request has one. */
  trace?: RequestTrace;
  /** Counts an answer that is large; undefined where the request has no body, and so holds nothing. @throws EyrieError OVERLOADED */
  holdAnswer?: (bytes: number) => void;
  /** To be called before an answer is written that may wait for its reader. */
  onWriting: () => void = () => undefined;
  /** Why the answer could not be sent. */
  failure?: Error;
  /** The client has gone without its answer. */
  hasLeft = false;
  private leaving: AbortController | undefined;

  constructor(
    headers: IncomingHttpHeaders,
    /** Without the query. */
    readonly path: string,
  ) {
    this.requestId = requestIdOf(headers);
  }

  /** Aborts when the client leaves before it has its answer. Made when it is asked for: many requests never do. */
  get signal(): AbortSignal {
    if (!this.leaving) {
      this.leaving = new AbortController();
      // Each image of a batch listens to it.
      setMaxListeners(0, this.leaving.signal);
      if (this.hasLeft) this.leaving.abort(new ClientLeftError());
    }
    return this.leaving.signal;
  }

  leave(): void {
    this.hasLeft = true;
    this.leaving?.abort(new ClientLeftError());
  }
}

const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Thrown inside a request whose client has gone; nobody reads the answer. */
export class ClientLeftError extends Error {
  constructor() {
    super('the client closed the connection before it had its answer');
  }
}

/** The client's, where it is sane, or a new one. */
function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id']?.toString();
  return given !== undefined && SANE_REQUEST_ID.test(given) ? given : randomUUID();
}

export function giveContext(res: Outgoing, context: RequestContext): void {
  (res as WithContext)[CONTEXT] = context;
}

export function contextOf(res: Outgoing): RequestContext {
  return (res as WithContext)[CONTEXT]!;
}

/** What the client has seen of it. */
export function endingOf({ method = '' }: IncomingMessage, res: ServerResponse): Ending {
  const isAnswered = res.writableFinished;
  return {
    method,
    status: isAnswered ? res.statusCode : 499,
    isAnswered,
    sent: res.headersSent ? res.statusCode : undefined,
  };
}
