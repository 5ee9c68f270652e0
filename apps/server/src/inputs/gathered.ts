const FIRST_ALLOCATION = 64 * 1024;

/**
 * So much is set aside at once where the length is announced. Beyond it some of the body must have come first: a client may
 * announce megabytes and send nothing.
 */
const FIRST_ANNOUNCED = 256 * 1024;

/**
 * One growing buffer, not a list of chunks: a client can send each byte as a chunk of its own, and the objects around the
 * chunks would then take a hundred times the room of the image.
 */
export class Gathered {
  private buffer: Buffer;
  private size = 0;

  /** @param announced how many bytes are expected, if that is known; no more than `maxBytes` */
  constructor(
    private readonly maxBytes: number,
    private readonly announced?: number,
  ) {
    this.buffer = Buffer.allocUnsafe(
      announced === undefined ? Math.min(FIRST_ALLOCATION, maxBytes) : Math.min(FIRST_ANNOUNCED, announced),
    );
  }

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.size);
  }

  /** @returns whether there was room for the chunk */
  add(chunk: Buffer): boolean {
    const needed = this.size + chunk.length;
    if (needed > this.maxBytes) return false;
    if (needed > this.buffer.length) {
      const next = this.announced ?? Math.min(this.maxBytes, 2 * this.buffer.length);
      const larger = Buffer.allocUnsafe(Math.max(needed, next));
      this.bytes.copy(larger);
      this.buffer = larger;
    }
    chunk.copy(this.buffer, this.size);
    this.size = needed;
    return true;
  }
}
