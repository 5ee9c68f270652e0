import type { IncomingMessage } from 'node:http';

/** How long a client may go on sending what is not wanted any more. */
const DISCARD_MS = 2_000;

/**
 * Reads and forgets what is left of an upload: a connection that is closed on unread data takes the answer with it.
 * Whoever has still not finished then is cut off.
 */
export function discardBody(req: IncomingMessage): void {
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length']) > 0;
  if (!hasBody || req.complete) return;
  req.unpipe();
  req.resume();
  const timer = setTimeout(() => req.socket.destroy(), DISCARD_MS);
  req.once('close', () => clearTimeout(timer));
}
