import type { CancelMessage, RunMessage, ToWorker } from './messages';

/**
 * How batches reach a worker: over a pipe of their own, one frame after the other. A frame is the length of its header in
 * four bytes, big endian, the header as JSON, and the payloads as they came, with nothing in between. The channel that
 * Node offers would copy each payload several times on its way, and could overtake what is called back.
 */
type Header = CancelMessage | { batch: number; items: ItemHeader[] };

interface ItemHeader {
  params: object;
  deadline: number;
  /** Length of each part of the payload. */
  bytes: number[];
}

const LENGTH_BYTES = 4;

/** The parts of a frame, to be written in this order. Payloads are not copied. */
export function frameOf(message: ToWorker): Uint8Array[] {
  if ('cancel' in message) return framed(message);
  const { batch, items } = message;
  const headers = items.map(({ params, deadline, payload }) => ({
    params,
    deadline,
    bytes: payload.map(({ length }) => length),
  }));
  return [...framed({ batch, items: headers }), ...items.flatMap(({ payload }) => payload)];
}

function framed(header: Header): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length);
  return [length, text];
}

/** Puts frames together again, however they are cut on their way. */
export class FrameReader {
  private target: Buffer = Buffer.alloc(LENGTH_BYTES);
  private filled = 0;
  private part: 'length' | 'header' | 'payload' = 'length';
  private items: ItemHeader[] = [];
  private batch = 0;
  /** Lengths of the parts that are still to come, of all items. */
  private coming: number[] = [];
  private parts: Buffer[] = [];

  /** @param onMessage is called for each frame when its last byte has come */
  constructor(private readonly onMessage: (message: ToWorker) => void) {}

  /** @param chunk is copied; it may be used again */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const count = Math.min(chunk.length - at, this.target.length - this.filled);
      this.target.set(chunk.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
      // More than once where a payload has no bytes.
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
    if (this.part === 'payload') this.parts.push(whole);
    else {
      const header = JSON.parse(whole.toString()) as Header;
      if ('cancel' in header) return this.deliver(header);
      this.batch = header.batch;
      this.items = header.items;
      this.coming = header.items.flatMap(({ bytes }) => bytes);
      this.parts = [];
    }
    const bytes = this.coming[this.parts.length];
    if (bytes === undefined) return this.deliver(this.assembled());
    this.part = 'payload';
    this.target = Buffer.allocUnsafeSlow(bytes);
  }

  private assembled(): RunMessage {
    let at = 0;
    const items = this.items.map(({ params, deadline, bytes }) => {
      const payload = this.parts.slice(at, (at += bytes.length));
      return { params, deadline, payload };
    });
    this.parts = [];
    return { batch: this.batch, items };
  }

  private deliver(message: ToWorker): void {
    this.part = 'length';
    this.target = Buffer.alloc(LENGTH_BYTES);
    this.onMessage(message);
  }
}
