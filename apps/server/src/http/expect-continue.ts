import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';

/** Whose clients wait for the word to send their bodies. */
const waiting = new WeakSet<IncomingMessage>();

/**
 * A client that asks first (`Expect: 100-continue`) is told to send its body when somebody begins to read it, and not before:
 * whoever refuses the request without its body, for its size, its key or its model, spares the client the upload. Node by
 * itself would answer 100 before anything has been looked at.
 */
export function continueWhenRead(server: Server, take: RequestListener): void {
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    waiting.add(req);
    const read = req._read.bind(req);
    // What a stream calls when its bytes are wanted, however its reader goes about it.
    req._read = (size) => {
      if (waiting.delete(req)) res.writeContinue();
      read(size);
    };
    take(req, res);
  });
}

/** From now on it is not told to send its body any more. @returns whether it still waited for that */
export function neverContinue(req: IncomingMessage): boolean {
  return waiting.delete(req);
}
