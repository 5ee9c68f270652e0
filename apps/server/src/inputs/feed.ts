import type { Readable } from 'node:stream';
import { eventLoopShare } from '#core';

/** What is read at once, bytes: of text, since rows of a table that are none take some milliseconds. */
const PIECE = 4 * 1024;

/** What is done with a stream's pieces: `read`, which takes its time, or only `copied`, which takes 10 µs for all that comes at once. */
type Use = 'read' | 'copied';

/**
 * Hands a stream on in pieces, as they come and as the event loop has time for them; what is not read yet stays with the client.
 * @param take gets each of them; the stream is left as it is when it throws
 * @param signal ends it, with the signal's reason
 * @throws what `take` throws, or the stream's error
 */
export function feed(
  stream: Readable,
  take: (piece: Buffer) => void,
  signal?: AbortSignal,
  use: Use = 'read',
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    let hasEnded = false;
    let unread: Buffer | undefined;

    const stop = (settle: () => void): void => {
      isOver = true;
      stream.off('data', onData).off('end', end).off('error', fail);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    const fail = (error: unknown): void => stop(() => reject(error));
    const abort = (): void => fail(signal!.reason);
    const end = (): void => {
      hasEnded = true;
      if (!unread) stop(resolve);
    };
    const handOn = (piece: Buffer): void => {
      try {
        take(piece);
      } catch (error) {
        unread = undefined;
        fail(error);
      }
    };
    const read = (chunk: Buffer): void => {
      unread = chunk;
      while (unread && eventLoopShare.hasTime) readPiece();
      if (unread && !isOver) {
        stream.pause();
        eventLoopShare.later(goOn);
      }
    };
    const readPiece = (): void => {
      const piece = unread!.subarray(0, PIECE);
      unread = unread!.length > PIECE ? unread!.subarray(PIECE) : undefined;
      eventLoopShare.spend(() => handOn(piece));
    };
    const onData = use === 'read' ? read : handOn;
    const goOn = (): void => {
      if (isOver) return;
      readPiece();
      if (isOver) return;
      if (unread) eventLoopShare.later(goOn);
      else if (hasEnded) stop(resolve);
      else stream.resume();
    };

    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort);
    stream.on('data', onData).once('end', end).once('error', fail);
  });
}
