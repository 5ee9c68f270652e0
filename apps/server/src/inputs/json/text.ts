import { EyrieError } from '#core';
import type { StringSink } from './tokenizer';

const FIRST_ALLOCATION = 64;
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Gathers a string, as long as nobody minds. */
export class Text implements StringSink {
  private bytes = Buffer.allocUnsafe(FIRST_ALLOCATION);
  private length = 0;

  /**
   * @param count is told of bytes before they are kept: how many there are then, and how many of these are new. It throws where
   *   they are too many
   * @param then gets the string when it is whole
   */
  constructor(
    private readonly count: (length: number, added: number) => void,
    private readonly then: (text: string) => void,
  ) {}

  /** Forgets what has come of a string that is not taken any further. */
  clear(): this {
    this.length = 0;
    return this;
  }

  take(bytes: Buffer, from: number, end: number): number {
    const at = endOfRun(bytes, from, end);
    this.append(bytes, from, at);
    return at;
  }

  character(codePoint: number): void {
    const bytes = Buffer.from(String.fromCodePoint(codePoint));
    this.append(bytes, 0, bytes.length);
  }

  end(): void {
    const bytes = this.bytes.subarray(0, this.length);
    // It may be used again.
    this.length = 0;
    this.then(decoded(bytes));
  }

  private append(bytes: Buffer, from: number, to: number): void {
    const needed = this.length + to - from;
    this.count(needed, to - from);
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    bytes.copy(this.bytes, this.length, from, to);
    this.length = needed;
  }
}

function decoded(bytes: Buffer): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw new EyrieError('INVALID_REQUEST', 'the body is not valid JSON: a string in it is not UTF-8');
  }
}

/** @param tooLong what to throw for a string of more bytes of UTF-8 than `maxBytes` */
export function textOf(maxBytes: number, tooLong: () => EyrieError, then: (text: string) => void): Text {
  const count = (length: number): void => {
    if (length > maxBytes) throw tooLong();
  };
  return new Text(count, then);
}

/** Passes a string over. */
export const NOWHERE: StringSink = {
  take: endOfRun,
  character: () => undefined,
  end: () => undefined,
};

/** Where the first quotation mark, backslash or control character is; `end` where there is none. */
function endOfRun(bytes: Buffer, from: number, end: number): number {
  let at = from;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 0x22 || byte === 0x5c || byte < 0x20) break;
  }
  return at;
}
