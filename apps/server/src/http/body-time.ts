import type { IncomingMessage } from 'node:http';

/**
 * Ends a request whose body is not there in time, in the way in which Node ends those that are over the one limit that it has
 * for all routes.
 */
export function limitBodyTime(req: IncomingMessage, ms: number): void {
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length']) > 0;
  if (!hasBody || req.complete) return;
  const timer = setTimeout(() => {
    if (req.complete) return;
    const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    const { server } = req.socket as typeof req.socket & { server?: NodeJS.EventEmitter };
    if (!server?.emit('clientError', error, req.socket)) req.socket.destroy();
  }, ms).unref();
  req.once('close', () => clearTimeout(timer));
}
