import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Limit } from '#core';

/** How long somebody may go on sending who has the answer already. */
const AFTER_ANSWER_MS = 5_000;

/**
 * Ends a request whose body is not there in time, in the way in which Node ends those that are over the one limit that it has
 * for all routes.
 * @param bound what the time comes from
 */
export function limitBodyTime(req: IncomingMessage, res: ServerResponse, ms: number, bound: Limit): void {
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length']) > 0;
  if (!hasBody || req.complete) return;
  let timer = setTimeout(() => endLate(req, bound), ms).unref();
  req.once('close', () => clearTimeout(timer));
  // Behind its answer, Node tells a request no more that its client is gone.
  res.once('close', () => {
    clearTimeout(timer);
    if (req.complete || req.socket.destroyed) return;
    timer = setTimeout(() => !req.complete && req.socket.destroy(), AFTER_ANSWER_MS).unref();
  });
}

function endLate(req: IncomingMessage, bound: Limit): void {
  if (req.complete) return;
  const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT', bound });
  const { server } = req.socket as typeof req.socket & { server?: NodeJS.EventEmitter };
  if (!server?.emit('clientError', error, req.socket)) req.socket.destroy();
}
