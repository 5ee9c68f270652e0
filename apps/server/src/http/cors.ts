import cors from 'cors';
import type { IncomingMessage, ServerResponse } from 'node:http';

export type SetCorsHeaders = (req: IncomingMessage, res: ServerResponse) => void;

/** What a page of another origin may read. */
const EXPOSED = [
  ...['X-Request-Id', 'X-Model-Version', 'X-Model-Variant', 'Server-Timing', 'Retry-After'],
  ...['RateLimit', 'RateLimit-Policy', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
];

/** Sets the headers by which browsers let pages of these origins (`*`: all) call; undefined for none. */
export function corsHeaders(origins: readonly string[]): SetCorsHeaders | undefined {
  if (origins.length === 0) return undefined;
  const set = cors({
    origin: origins.includes('*') ? '*' : [...origins],
    exposedHeaders: EXPOSED,
    // OPTIONS is answered like everything else, preflight or not.
    preflightContinue: true,
  });
  // It is done when it returns.
  return (req, res) => set(req, res, done);
}

function done(): void {
  // There is nothing to wait for.
}
