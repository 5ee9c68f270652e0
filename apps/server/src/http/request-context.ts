import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { NextFunction, Request, Response } from 'express';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { EyrieError } from '#core';
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

/** The client's, where it is sane, or a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id']?.toString();
  return given !== undefined && SANE_REQUEST_ID.test(given) ? given : randomUUID();
}

/** Of HTTP/1.1, which asks for one. */
export function lacksHost(req: IncomingMessage): boolean {
  return req.headers.host === undefined && req.httpVersion === '1.1';
}

/** Must come first: everything after it may ask for the request's context. */
export function requestContext(req: Request, res: Response, next: NextFunction): void {
  const requestId = requestIdOf(req.headers);
  // Each image of a batch listens to it.
  res.setMaxListeners(0);
  res.locals.context = new RequestContext(requestId, res);
  res.setHeader('X-Request-Id', requestId);
  next(lacksHost(req) ? new EyrieError('INVALID_REQUEST', 'a request of HTTP/1.1 must have a Host header') : undefined);
}

export function contextOf(res: Response): RequestContext {
  return res.locals.context as RequestContext;
}

/** What the client has seen of it: 499, as nginx has it, where it did not wait for the answer. */
export function statusOf(res: ServerResponse): number {
  return res.writableFinished ? res.statusCode : 499;
}
