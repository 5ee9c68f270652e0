import type { IncomingMessage } from 'node:http';

/** Is told of a body as it comes. */
export interface BodyMeter {
  /** @throws Error when it must not be read any further */
  take(bytes: number): void;
  /** All of it has come. */
  whole(): void;
}

/** Of a body that is sent; undefined where it is sent in chunks, 0 where there is none. */
export function announcedBytes({ headers }: IncomingMessage): number | undefined {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined;
}

/** A body in so many chunks of a few bytes each costs the parser more than its bytes; no client that means well sends one. */
const TINY_CHUNKS = { count: 4096, bytes: 16 };

/**
 * Counts the pieces of a body as they come, whoever reads it and in whichever way.
 * The connection is cut where it comes in thousands of tiny chunks.
 * @returns what ends the reading: its reader gets the error, the request its answer, and what still comes is read by nobody
 */
export function meterBody(req: IncomingMessage, meter: BodyMeter): (reason: Error) => void {
  let refusal: Error | undefined;
  const isChunked = announcedBytes(req) === undefined;
  let pieces = 0;
  let bytes = 0;
  // What Node's parser hands pieces over by; the end of the body is null.
  const push = req.push.bind(req);
  const end = (reason: Error): void => {
    refusal = reason;
    if (req.listenerCount('error') === 0) return;
    req.push = push;
    req.emit('error', reason);
  };
  req.push = (piece: Buffer | null, encoding) => {
    if (isChunked && piece !== null) {
      pieces++;
      bytes += piece.length;
      if (pieces >= TINY_CHUNKS.count && bytes < pieces * TINY_CHUNKS.bytes) {
        req.socket.destroy();
        return true;
      }
    }
    if (refusal === undefined) {
      try {
        if (piece === null) meter.whole();
        else meter.take(piece.length);
      } catch (error) {
        refusal = error as Error;
      }
    }
    if (refusal === undefined) return push(piece, encoding);
    // Where nobody listens yet, the reader is still to come.
    end(refusal);
    return true;
  };
  return end;
}
