import type { IncomingMessage } from 'node:http';
import { neverContinue } from './expect-continue';

/** How much a client may go on sending of what is not wanted any more, and for how long. */
const DISCARD_BYTES = 256 * 1024 * 1024;
const DISCARD_MS = 5_000;
/** The same for one that was told to wait before it sends, and mostly does. */
const DISCARD_UNASKED_MS = 1_000;

/**
 * Reads and forgets what is left of an upload: a connection that is closed on unread data takes the answer with it, and many
 * clients read no answer before they have sent everything. Whoever has still not finished then is cut off.
 */
export function discardBody(req: IncomingMessage): void {
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length']) > 0;
  if (!hasBody || req.complete) return;
  const ms = neverContinue(req) ? DISCARD_UNASKED_MS : DISCARD_MS;
  const { socket } = req;
  let left = DISCARD_BYTES;
  req.unpipe();
  // Nobody is to gather it any more.
  req.removeAllListeners('data').removeAllListeners('readable');
  req.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.destroy();
  });
  req.resume();
  const timer = setTimeout(() => socket.destroy(), ms);
  const close = delayClose(socket);
  const done = (): void => {
    clearTimeout(timer);
    close();
  };
  req.once('end', done).once('close', done);
}

/**
 * Node closes a connection that is not kept alive as soon as the answer is written, be there an upload or not: by this method.
 * @returns what lets it, now or when it wants to
 */
function delayClose(socket: IncomingMessage['socket']): () => void {
  const destroySoon = socket.destroySoon.bind(socket);
  let wanted = false;
  socket.destroySoon = () => void (wanted = true);
  return () => {
    socket.destroySoon = destroySoon;
    if (wanted) destroySoon();
    wanted = false;
  };
}
