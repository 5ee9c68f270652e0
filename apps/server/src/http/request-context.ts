import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { NextFunction, Request, Response } from 'express';
import { EyrieError } from '#inference';
import type { RequestTrace } from '../tracing/tracing';

/** What belongs to one request from its first byte to its log line. */
export class RequestContext {
  /** Goes into the request's log line. */
  readonly logged: Record<string, unknown> = {};
  /** The template of the route, where the API's description has one. */
  route?: string;
  /** Where traces are sent and the request has one. */
  trace?: RequestTrace;
  /** The client has gone without its answer. */
  hasLeft = false;
  private leaving: AbortController | undefined;

  constructor(
    readonly requestId: string,
    res: Response,
  ) {
    res.once('close', () => {
      if (res.writableFinished) return;
      this.hasLeft = true;
      this.leaving?.abort(new ClientLeftError());
    });
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
}

const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Thrown inside a request whose client has gone; nobody reads the answer. */
export class ClientLeftError extends Error {
  constructor() {
    super('the client closed the connection before it had its answer');
  }
}

/** Must come first: everything after it may ask for the request's context. */
export function requestContext(req: Request, res: Response, next: NextFunction): void {
  const given = req.header('x-request-id');
  const requestId = given !== undefined && SANE_REQUEST_ID.test(given) ? given : randomUUID();
  // Each image of a batch listens to it.
  res.setMaxListeners(0);
  res.locals.context = new RequestContext(requestId, res);
  res.setHeader('X-Request-Id', requestId);
  const isNameless = req.headers.host === undefined && req.httpVersion === '1.1';
  next(isNameless ? new EyrieError('INVALID_REQUEST', 'a request of HTTP/1.1 must have a Host header') : undefined);
}

export function contextOf(res: Response): RequestContext {
  return res.locals.context as RequestContext;
}
