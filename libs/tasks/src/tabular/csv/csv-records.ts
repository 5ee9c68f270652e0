import { EyrieError } from '#core';

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const MARK = Buffer.of(0xef, 0xbb, 0xbf);

/** So many empty lines at the end are none; more are a mistake, or meant to hurt, and are records like all others. */
const MAX_EMPTY_LINES = 1024;
/** More is a mistake, or meant to hurt: that much is looked through in a few milliseconds. */
const MAX_RECORD_BYTES = 1024 * 1024;

/**
 * Walks through the records of a CSV file (RFC 4180): cells between commas, lines that end in LF or CRLF, cells in quotation marks
 * that may hold all of these. A byte order mark at the beginning is passed over. Nothing is copied.
 */
export class CsvRecords {
  /** Of the record: where its cells begin and end, without their quotation marks. */
  readonly from: number[] = [];
  readonly end: number[] = [];
  /** Cells of the record. */
  length = 0;
  /** On which line of the file the record begins, from 1. */
  line = 0;
  /** What is wrong with the record as it is written; its cells are of no use then. */
  fault: string | undefined;
  private at: number;
  private nextLine = 1;
  /** Cells with quotation marks in them, which stand there twice. */
  private readonly doubled = new Set<number>();

  readonly bytes: Buffer;

  /** @param maxCells of a record; what is beyond them is counted and not kept */
  constructor(
    bytes: Buffer,
    private maxCells = Infinity,
  ) {
    this.bytes = withoutLastEmptyLines(bytes);
    this.at = bytes.subarray(0, 3).equals(MARK) ? 3 : 0;
  }

  keepCells(count: number): void {
    this.maxCells = count;
  }

  /** How far it has come, bytes. */
  get position(): number {
    return this.at;
  }

  /** The record is a line with nothing in it. */
  get isEmpty(): boolean {
    return this.length === 1 && this.from[0] === this.end[0] && !this.wasQuoted;
  }
  private wasQuoted = false;

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** @returns false at the end @throws EyrieError INVALID_REQUEST for what has no end */
  next(): boolean {
    const { bytes } = this;
    if (this.at >= bytes.length) return false;
    this.line = this.nextLine;
    this.length = 0;
    this.fault = undefined;
    this.wasQuoted = false;
    this.doubled.clear();
    const start = this.at;
    for (;;) {
      this.readCell(start);
      const byte = bytes[this.at];
      if (byte === COMMA) {
        this.at++;
        continue;
      }
      if (byte === CARRIAGE_RETURN) this.at++;
      if (this.at < bytes.length) this.at++;
      this.nextLine++;
      return true;
    }
  }

  /** The text of a cell. */
  text(cell: number): string {
    const text = this.bytes.toString('utf8', this.from[cell], this.end[cell]);
    return this.doubled.has(cell) ? text.replaceAll('""', '"') : text;
  }

  /** Whether the bytes of a cell are its text. */
  isPlain(cell: number): boolean {
    return !this.doubled.has(cell);
  }

  /** Ends before a comma, the end of the line or the end of the file. */
  private readCell(start: number): void {
    const { bytes } = this;
    const limit = Math.min(bytes.length, start + MAX_RECORD_BYTES);
    if (bytes[this.at] === QUOTE) return this.readQuoted(limit);
    const from = this.at;
    let at = from;
    for (; at < limit; at++) {
      const byte = bytes[at]!;
      if (byte === COMMA || byte === LINE_FEED || (byte === CARRIAGE_RETURN && this.endsLine(at))) break;
      if (byte === QUOTE) this.fault = 'has a quotation mark inside a cell that does not begin with one';
    }
    this.requireEnd(at, limit);
    this.at = at;
    this.keep(from, at);
  }

  private readQuoted(limit: number): void {
    const { bytes } = this;
    const from = this.at + 1;
    let at = from;
    this.wasQuoted = true;
    for (; at < limit; at++) {
      const byte = bytes[at]!;
      if (byte === LINE_FEED) this.nextLine++;
      if (byte !== QUOTE) continue;
      if (bytes[at + 1] !== QUOTE) break;
      this.doubled.add(this.length);
      at++;
    }
    if (at >= limit) {
      this.requireEnd(at, limit);
      throw new EyrieError(
        'INVALID_REQUEST',
        `the cell that begins on line ${this.line} of the CSV has no closing quotation mark`,
      );
    }
    this.keep(from, at);
    at++;
    for (; at < limit; at++) {
      const byte = bytes[at]!;
      if (byte === COMMA || byte === LINE_FEED || (byte === CARRIAGE_RETURN && this.endsLine(at))) break;
      this.fault = 'has something behind the closing quotation mark of a cell';
    }
    this.requireEnd(at, limit);
    this.at = at;
  }

  private keep(from: number, end: number): void {
    if (this.length < this.maxCells) {
      this.from[this.length] = from;
      this.end[this.length] = end;
    }
    this.length++;
  }

  /** A carriage return alone is part of a cell, but as the last byte. */
  private endsLine(at: number): boolean {
    return at + 1 >= this.bytes.length || this.bytes[at + 1] === LINE_FEED;
  }

  private requireEnd(at: number, limit: number): void {
    if (at < limit || limit === this.bytes.length) return;
    const detail = `line ${this.line} of the CSV is longer than ${MAX_RECORD_BYTES} bytes`;
    throw new EyrieError('INVALID_REQUEST', detail);
  }
}

function withoutLastEmptyLines(bytes: Buffer): Buffer {
  let end = bytes.length;
  const least = Math.max(0, end - 2 * MAX_EMPTY_LINES);
  while (end > least && (bytes[end - 1] === LINE_FEED || bytes[end - 1] === CARRIAGE_RETURN)) end--;
  return bytes.subarray(0, end);
}
