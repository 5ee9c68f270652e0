import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { VersionRef } from '#registry';
import type { Route } from '#routing';
import type { RequestTrace } from '../tracing/tracing';

/** Whom a client asks. */
export interface Asked {
  model?: string;
  version?: VersionRef;
  /** The client's, or one made up for this request: the variant is chosen by it, and must stay the same. */
  routingKey: string;
}

/** What a client wants to know. */
export interface Question extends Asked {
  topK?: number;
  requestId: string;
  readonly signal: AbortSignal;
  trace?: RequestTrace;
  /** Is told who answers as soon as that is known. */
  onRoute: (route: Route) => void;
  /** Calls back when the client has its answer. */
  onAnswered: (then: () => void) => void;
}

/** What tells one client, or request, from another. */
export function routingKeyOf({ headers }: IncomingMessage): string {
  return headers['x-routing-key']?.toString() ?? randomBytes(12).toString('base64');
}
