import type { RunMessage } from './messages';

/**
 * How batches reach a worker: over a pipe of their own, one frame after the other. A frame is the length of its header in
 * four bytes, big endian, the header as JSON, and the images as they came, with nothing in between. The channel that
 * Node offers would copy each image several times on its way.
 */
interface Header {
  batch: number;
  items: { bytes: number; topK: number }[];
}

const LENGTH_BYTES = 4;

/** The parts of a frame, to be written in this order. The images are not copied. */
export function frameOf({ batch, items }: RunMessage): Uint8Array[] {
  const header: Header = { batch, items: items.map(({ image, topK }) => ({ bytes: image.length, topK })) };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length);
  return [length, text, ...items.map(({ image }) => image)];
}

/** Puts frames together again, however they are cut on their way. */
export class FrameReader {
  private target: Buffer = Buffer.alloc(LENGTH_BYTES);
  private filled = 0;
  private part: 'length' | 'header' | 'image' = 'length';
  private header: Header = { batch: 0, items: [] };
  private images: Buffer[] = [];

  /** @param onBatch is called for each frame when its last byte has come */
  constructor(private readonly onBatch: (message: RunMessage) => void) {}

  /** @param chunk is copied; it may be used again */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const count = Math.min(chunk.length - at, this.target.length - this.filled);
      this.target.set(chunk.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
      // More than once where an image has no bytes.
      while (this.filled === this.target.length) this.next();
    }
  }

  private next(): void {
    const whole = this.target;
    this.filled = 0;
    if (this.part === 'length') {
      this.part = 'header';
      this.target = Buffer.alloc(whole.readUInt32BE());
      return;
    }
    if (this.part === 'header') this.header = JSON.parse(whole.toString()) as Header;
    else this.images.push(whole);
    const { batch, items } = this.header;
    const item = items[this.images.length];
    if (item) {
      this.part = 'image';
      this.target = Buffer.allocUnsafeSlow(item.bytes);
      return;
    }
    const { images } = this;
    this.images = [];
    this.part = 'length';
    this.target = Buffer.alloc(LENGTH_BYTES);
    this.onBatch({ batch, items: items.map(({ topK }, i) => ({ image: images[i]!, topK })) });
  }
}
