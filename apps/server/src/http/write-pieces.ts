import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { contextOf } from './request-context';

/** So much is gathered before it is written: what is not longer is sent with its length. */
const GATHERED_BYTES = 256 * 1024;

/**
 * Writes the body of an answer as it is made. A short one is sent as a whole; of a longer one no more is made than the client takes, so
 * that an answer of any length needs a little memory only.
 * @param lengthIfLong of the body in bytes, where that is known beforehand
 * @throws what making a piece throws: before anything has been written where the body is short
 */
export async function writePieces(
  res: ServerResponse,
  pieces: AsyncIterable<string | Uint8Array>,
  lengthIfLong?: number,
): Promise<void> {
  const writer = new PieceWriter(res, lengthIfLong);
  for await (const piece of pieces) {
    await writer.write(piece);
    if (res.destroyed) return;
  }
  writer.end();
}

class PieceWriter {
  private gathered: Buffer[] = [];
  private size = 0;
  private isLong = false;

  constructor(
    private readonly res: ServerResponse,
    private readonly lengthIfLong: number | undefined,
  ) {}

  async write(piece: string | Uint8Array): Promise<void> {
    const bytes =
      typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    for (let at = 0; at < bytes.length && !this.res.destroyed; at += GATHERED_BYTES) {
      const part = bytes.subarray(at, at + GATHERED_BYTES);
      this.gathered.push(part);
      this.size += part.length;
      if (this.size > GATHERED_BYTES) await this.flush();
    }
  }

  end(): void {
    if (!this.isLong) this.res.setHeader('Content-Length', this.size);
    this.res.end(Buffer.concat(this.gathered));
  }

  private async flush(): Promise<void> {
    const { res } = this;
    if (!this.isLong) {
      this.isLong = true;
      contextOf(res).onWriting();
      if (this.lengthIfLong !== undefined) res.setHeader('Content-Length', this.lengthIfLong);
    }
    const takesMore = res.write(Buffer.concat(this.gathered));
    this.gathered = [];
    this.size = 0;
    if (!takesMore) await drained(res);
  }
}

/** Resolves when the client has taken what was written, or is gone. */
async function drained(res: ServerResponse): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  await Promise.race([once(res, 'drain', { signal }), once(res, 'close', { signal })]).catch(() => undefined);
  settled.abort();
}
