import { EyrieError } from '#core';
import { JsonError } from './json-error';
import { exactInteger, parseNumber } from './number';

/** Is told of a JSON text as it comes. Whatever it throws ends the reading. */
export interface JsonEvents {
  beginObject(): void;
  endObject(): void;
  beginArray(): void;
  endArray(): void;
  /** @param value a bigint for a whole number that is written without a fraction and that a double need not hold */
  number(value: number | bigint): void;
  literal(value: boolean | null): void;
  /** @returns who takes its characters, as they come */
  beginKey(): StringSink;
  beginString(): StringSink;
}

export interface StringSink {
  /**
   * Takes bytes of UTF-8 up to a quotation mark, a backslash or a control character, whichever comes first.
   * @returns where it has stopped; `end` when it has taken all
   */
  take(bytes: Buffer, from: number, end: number): number;
  /** One that was written as an escape. */
  character(codePoint: number): void;
  end(): void;
}

/** Deeper than anything that is asked for, and no trouble to keep. */
const MAX_DEPTH = 64;
/** Longer than any number that a double can be written as exactly (767 significant digits). */
const MAX_NUMBER_LENGTH = 1100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const BEGIN_OBJECT = 0x7b;
const END_OBJECT = 0x7d;
const BEGIN_ARRAY = 0x5b;
const END_ARRAY = 0x5d;

const LITERALS = new Map<number, [text: Buffer, value: boolean | null]>([
  [0x74, [Buffer.from('true'), true]],
  [0x66, [Buffer.from('false'), false]],
  [0x6e, [Buffer.from('null'), null]],
]);

/** What the character behind a backslash stands for; RFC 8259, section 7. */
const ESCAPES = new Map([...'"\\/bfnrt'].map((c, i) => [c.charCodeAt(0), '"\\/\b\f\n\r\t'.charCodeAt(i)]));

/** The byte order mark in UTF-8; RFC 8259, section 8.1, lets a reader ignore it. */
const MARK = Buffer.of(0xef, 0xbb, 0xbf);

/** What may come next. */
const enum Next {
  VALUE,
  VALUE_OR_END,
  KEY,
  KEY_OR_END,
  COLON,
  COMMA_OR_END,
  NOTHING,
  /** Inside of a token: */
  STRING,
  ESCAPE,
  HEX,
  NUMBER,
  LITERAL,
}

/** Bytes of numbers: digits, signs, point and exponent. */
const IN_NUMBER = new Uint8Array(256);
for (const byte of Buffer.from('0123456789+-.eE')) IN_NUMBER[byte] = 1;

/**
 * Reads JSON (RFC 8259) as it comes, piece by piece, and keeps nothing of it but how it is nested and a number that is not
 * whole yet. A byte order mark at the beginning is passed over.
 */
export class JsonTokenizer {
  private next: Next = Next.VALUE;
  private depth = 0;
  /** Which of the open ones are objects. */
  private readonly isObject = new Uint8Array(MAX_DEPTH + 1);
  private sink!: StringSink;
  private isKey = false;
  private readonly token = Buffer.allocUnsafe(MAX_NUMBER_LENGTH);
  private tokenLength = 0;
  private literal!: [text: Buffer, value: boolean | null];
  private hexDigits = 0;
  private codeUnit = 0;
  /** The first half of a surrogate pair; 0 where there is none. */
  private highSurrogate = 0;
  /** How much of a byte order mark has come. */
  private markLength = 0;
  /** Bytes before the piece that is read. */
  private before = 0;

  constructor(private readonly events: JsonEvents) {}

  /** @throws EyrieError INVALID_REQUEST, and what the events throw */
  write(bytes: Buffer): void {
    const end = bytes.length;
    let at = 0;
    if (this.before < MARK.length) at = this.passOverMark(bytes);
    while (at < end) {
      switch (this.next) {
        case Next.STRING:
          at = this.readString(bytes, at, end);
          break;
        case Next.ESCAPE:
          this.readEscape(bytes[at]!, at++);
          break;
        case Next.HEX:
          this.readHex(bytes[at]!, at++);
          break;
        case Next.NUMBER:
          at = this.readNumber(bytes, at, end);
          break;
        case Next.LITERAL:
          this.readLiteral(bytes[at]!, at++);
          break;
        default: {
          const byte = bytes[at]!;
          // Space, tab, line feed, carriage return
          if (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) at++;
          else at = this.readStructure(byte, at);
        }
      }
    }
    this.before += end;
  }

  /** @throws EyrieError INVALID_REQUEST where something is missing */
  end(): void {
    if (this.before === 0) throw new EyrieError('INVALID_REQUEST', 'the body is empty');
    if (this.next === Next.NUMBER && this.depth === 0) this.endNumber(0);
    if (this.next !== Next.NOTHING) throw new JsonError('it ends too early', this.before);
  }

  private passOverMark(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && this.markLength === this.before + at && bytes[at] === MARK[this.markLength]) {
      this.markLength++;
      at++;
    }
    const isBroken = this.markLength > 0 && this.markLength < MARK.length && at < bytes.length;
    if (isBroken) throw this.unexpected(bytes[at]!, at);
    return at;
  }

  /** @returns where reading goes on: at a number's or literal's first byte once more */
  private readStructure(byte: number, at: number): number {
    switch (this.next) {
      case Next.COMMA_OR_END:
        if (byte === COMMA) this.next = this.isObject[this.depth] ? Next.KEY : Next.VALUE;
        else this.close(byte, at);
        return at + 1;
      case Next.COLON:
        if (byte !== COLON) throw this.unexpected(byte, at);
        this.next = Next.VALUE;
        return at + 1;
      case Next.KEY_OR_END:
      case Next.KEY:
        if (byte === QUOTE) this.openString(this.events.beginKey(), true);
        else if (byte === END_OBJECT && this.next === Next.KEY_OR_END) this.close(byte, at);
        else throw this.unexpected(byte, at);
        return at + 1;
      case Next.NOTHING:
        throw new JsonError('something follows its end', this.before + at);
      default:
        return this.beginValue(byte, at);
    }
  }

  private beginValue(byte: number, at: number): number {
    switch (byte) {
      case QUOTE:
        this.openString(this.events.beginString(), false);
        return at + 1;
      case BEGIN_OBJECT:
        this.open(true, at);
        this.events.beginObject();
        return at + 1;
      case BEGIN_ARRAY:
        this.open(false, at);
        this.events.beginArray();
        return at + 1;
      case END_ARRAY:
        if (this.next !== Next.VALUE_OR_END) throw this.unexpected(byte, at);
        this.close(byte, at);
        return at + 1;
    }
    this.tokenLength = 0;
    const literal = LITERALS.get(byte);
    if (literal) {
      this.literal = literal;
      this.next = Next.LITERAL;
    } else if (IN_NUMBER[byte]) {
      this.next = Next.NUMBER;
    } else {
      throw this.unexpected(byte, at);
    }
    return at;
  }

  private open(isObject: boolean, at: number): void {
    if (this.depth === MAX_DEPTH) {
      throw new EyrieError('INVALID_REQUEST', `the body is nested too deeply, at byte ${this.before + at}`);
    }
    this.isObject[++this.depth] = isObject ? 1 : 0;
    this.next = isObject ? Next.KEY_OR_END : Next.VALUE_OR_END;
  }

  private close(byte: number, at: number): void {
    const isObject = this.isObject[this.depth] === 1;
    if (byte !== (isObject ? END_OBJECT : END_ARRAY)) throw this.unexpected(byte, at);
    this.depth--;
    this.afterValue();
    if (isObject) this.events.endObject();
    else this.events.endArray();
  }

  private afterValue(): void {
    this.next = this.depth === 0 ? Next.NOTHING : Next.COMMA_OR_END;
  }

  private openString(sink: StringSink, isKey: boolean): void {
    this.sink = sink;
    this.isKey = isKey;
    this.next = Next.STRING;
  }

  private readString(bytes: Buffer, from: number, end: number): number {
    // A second half must follow at once, as an escape.
    const at = this.highSurrogate === 0 ? this.sink.take(bytes, from, end) : from;
    if (at === end) return end;
    const byte = bytes[at]!;
    if (byte === BACKSLASH) {
      this.next = Next.ESCAPE;
      return at + 1;
    }
    if (this.highSurrogate !== 0) throw this.halfSurrogate(at);
    if (byte !== QUOTE) throw new JsonError('a control character in a string', this.before + at);
    if (this.isKey) this.next = Next.COLON;
    else this.afterValue();
    this.sink.end();
    return at + 1;
  }

  private readEscape(byte: number, at: number): void {
    if (byte === 0x75 /* u */) {
      this.next = Next.HEX;
      this.hexDigits = 0;
      this.codeUnit = 0;
      return;
    }
    const character = ESCAPES.get(byte);
    if (character === undefined) throw new JsonError('an unknown escape in a string', this.before + at);
    if (this.highSurrogate !== 0) throw this.halfSurrogate(at);
    this.next = Next.STRING;
    this.sink.character(character);
  }

  private readHex(byte: number, at: number): void {
    const digit = hexDigit(byte);
    if (digit < 0) throw new JsonError('an unknown escape in a string', this.before + at);
    this.codeUnit = this.codeUnit * 16 + digit;
    if (++this.hexDigits < 4) return;
    this.next = Next.STRING;
    const isLow = this.codeUnit >= 0xdc00 && this.codeUnit <= 0xdfff;
    if (isLow !== (this.highSurrogate !== 0)) throw this.halfSurrogate(at);
    if (isLow) {
      const codePoint = 0x10000 + (this.highSurrogate - 0xd800) * 0x400 + this.codeUnit - 0xdc00;
      this.highSurrogate = 0;
      this.sink.character(codePoint);
    } else if (this.codeUnit >= 0xd800 && this.codeUnit <= 0xdbff) {
      this.highSurrogate = this.codeUnit;
    } else {
      this.sink.character(this.codeUnit);
    }
  }

  private readNumber(bytes: Buffer, from: number, end: number): number {
    let at = from;
    while (at < end && IN_NUMBER[bytes[at]!]) {
      if (this.tokenLength === MAX_NUMBER_LENGTH) throw new JsonError('a number that is too long', this.before + at);
      this.token[this.tokenLength++] = bytes[at++]!;
    }
    if (at < end) this.endNumber(at);
    return at;
  }

  private endNumber(at: number): void {
    const value = parseNumber(this.token, this.tokenLength);
    if (Number.isNaN(value)) throw new JsonError('a number that is none', this.before + at - this.tokenLength);
    if (!Number.isFinite(value)) {
      throw new JsonError('a number that is too large', this.before + at - this.tokenLength);
    }
    this.afterValue();
    this.events.number(Number.isSafeInteger(value) ? value : exactInteger(this.token, this.tokenLength, value));
  }

  private readLiteral(byte: number, at: number): void {
    const [text, value] = this.literal;
    if (byte !== text[this.tokenLength]) throw this.unexpected(byte, at);
    if (++this.tokenLength < text.length) return;
    this.afterValue();
    this.events.literal(value);
  }

  private unexpected(byte: number, at: number): JsonError {
    const shown = byte > 0x20 && byte < 0x7f ? `an unexpected ${String.fromCharCode(byte)}` : 'an unexpected character';
    return new JsonError(shown, this.before + at);
  }

  private halfSurrogate(at: number): JsonError {
    return new JsonError('half a surrogate pair in a string', this.before + at);
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
