import { EyrieError, eventLoopShare, invalidField } from '#core';
import { Gathered } from '../gathered';
import type { StringSink } from './tokenizer';

/** How a data: URI with base64 begins; RFC 2397. */
const DATA_URI = /^data:[^,;]*(?:;[^,;]*)*;base64,$/i;
const MAX_DATA_URI_HEAD = 200;

const SPACE = 64;
const PADDING = 65;
const NONE = 66;
/** What a byte stands for: a digit of 6 bits, in either alphabet of RFC 4648, or one of the above. */
const MEANING = new Uint8Array(256).fill(NONE);
[...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].forEach(
  (c, i) => (MEANING[c.charCodeAt(0)] = i),
);
MEANING['-'.charCodeAt(0)] = 62;
MEANING['_'.charCodeAt(0)] = 63;
MEANING['='.charCodeAt(0)] = PADDING;
MEANING[' '.charCodeAt(0)] = SPACE;

const LINE_BREAKS = new Set([...'\r\n\t'].map((c) => c.charCodeAt(0)));
/** Decoded at once; then it is kept. */
const SCRATCH = Buffer.allocUnsafe(12 * 1024);
const ONE = Buffer.allocUnsafe(1);

/**
 * Takes standard or URL-safe base64 out of a body as it comes, with or without padding and line breaks, bare or as a data:
 * URI. What it keeps are the bytes alone.
 */
export class Base64 implements StringSink {
  private readonly gathered: Gathered;
  /** The beginning, while it may still be that of a data: URI. */
  private head: string | undefined = '';
  /** Digits that have no byte of their own yet, and how many there are. */
  private bits = 0;
  private pending = 0;
  private padding = 0;

  /** @param announced how many bytes are expected, if that is known @param then gets the bytes when all are there */
  constructor(
    private readonly field: string,
    private readonly maxBytes: number,
    announced: number | undefined,
    private readonly then: (bytes: Buffer) => void,
  ) {
    this.gathered = new Gathered(maxBytes, announced);
  }

  take(bytes: Buffer, from: number, end: number): number {
    let at = from;
    while (this.head !== undefined && at < end) {
      const byte = bytes[at]!;
      if (byte === 0x22 || byte === 0x5c || byte < 0x20) return at;
      this.readHead(String.fromCharCode(byte));
      at++;
    }
    return this.decode(bytes, at, end);
  }

  character(codePoint: number): void {
    if (this.head !== undefined) return this.readHead(String.fromCodePoint(codePoint));
    if (LINE_BREAKS.has(codePoint)) return;
    if (codePoint > 0x7f || codePoint === 0x22 || codePoint === 0x5c) throw this.invalid();
    ONE[0] = codePoint;
    if (this.decode(ONE, 0, 1) === 0) throw this.invalid();
  }

  /** @throws EyrieError INVALID_REQUEST, INVALID_IMAGE for an empty one */
  end(): void {
    if (this.head !== undefined) this.endHead();
    // Two digits are a byte and a half, three are two and a half.
    if (this.pending === 1 || (this.pending === 0 && this.padding > 0)) throw this.invalid();
    const last = Buffer.of(this.bits >> (this.pending * 6 - 8), this.bits >> (this.pending * 6 - 16));
    if (this.pending > 0) this.keep(last.subarray(0, this.pending - 1));
    const { bytes } = this.gathered;
    if (bytes.length === 0) throw new EyrieError('INVALID_IMAGE', `${this.field} is empty`);
    this.then(bytes);
  }

  private readHead(character: string): void {
    this.head += character;
    const head = this.head!;
    if (head.length < 5) return;
    if (head.slice(0, 5).toLowerCase() !== 'data:') return this.endHead();
    if (character !== ',') {
      if (head.length > MAX_DATA_URI_HEAD) throw this.notBase64();
      return;
    }
    if (!DATA_URI.test(head)) throw this.notBase64();
    this.head = undefined;
  }

  /** It is digits like the rest. */
  private endHead(): void {
    const head = this.head!;
    if (head.slice(0, 5).toLowerCase() === 'data:') throw this.notBase64();
    this.head = undefined;
    for (const character of head) {
      const code = character.charCodeAt(0);
      // What has not been an escape is decoded here as well: neither may be anything but a digit or white space.
      this.character(code);
    }
  }

  private decode(bytes: Buffer, from: number, end: number): number {
    let { bits, pending } = this;
    let at = from;
    let length = 0;
    const scratch = SCRATCH;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      const digit = MEANING[byte]!;
      if (digit < 64) {
        if (this.padding > 0) throw this.invalid();
        bits = (bits << 6) | digit;
        if (++pending === 4) {
          scratch[length] = bits >> 16;
          scratch[length + 1] = bits >> 8;
          scratch[length + 2] = bits;
          length += 3;
          bits = 0;
          pending = 0;
          if (length === scratch.length) {
            this.keep(scratch);
            length = 0;
          }
        }
      } else if (digit === PADDING) {
        if (++this.padding > 2) throw this.invalid();
      } else if (digit === NONE) {
        if (byte === 0x22 || byte === 0x5c || byte < 0x20) break;
        throw this.invalid();
      }
    }
    this.bits = bits;
    this.pending = pending;
    if (length > 0) this.keep(scratch.subarray(0, length));
    return at;
  }

  private keep(bytes: Buffer): void {
    if (this.gathered.add(bytes)) return;
    throw new EyrieError('IMAGE_TOO_LARGE', `${this.field} has more than the ${this.maxBytes} bytes that are allowed`);
  }

  private invalid(): EyrieError {
    return invalidField(this.field, 'is not valid base64');
  }

  private notBase64(): EyrieError {
    return invalidField(this.field, 'is a data: URI that is not base64');
  }
}

/** Decoded at once: a millisecond's work. */
const PIECE = 128 * 1024;

/**
 * Decodes what has come as a string already. @param field names it in messages
 * @throws EyrieError INVALID_REQUEST, INVALID_IMAGE for an empty one, IMAGE_TOO_LARGE
 */
export async function decodeBase64(text: string, field: string, maxBytes: number): Promise<Buffer> {
  let decoded: Buffer | undefined;
  const announced = Math.min(maxBytes, Math.ceil((text.length * 3) / 4));
  const sink = new Base64(field, maxBytes, announced, (bytes) => (decoded = bytes));
  for (let from = 0; from < text.length; from += PIECE) {
    await eventLoopShare.turn();
    eventLoopShare.spend(() => {
      const piece = Buffer.from(text.slice(from, from + PIECE));
      // Where it stops, something stands in it that JSON writes as an escape.
      for (let at = sink.take(piece, 0, piece.length); at < piece.length; at = sink.take(piece, at, piece.length)) {
        sink.character(piece[at++]!);
      }
    });
  }
  sink.end();
  return decoded!;
}
