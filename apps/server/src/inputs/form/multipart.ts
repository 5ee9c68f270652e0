import { broken, readPartHead, type PartHead } from './part-head';

/** Takes the content of one part. */
export interface PartSink {
  take(bytes: Buffer): void;
  end(): void;
}

/** How much the headers of a part may take, and what stands before the first one. */
export const MAX_HEAD_BYTES = 4096;

const enum Inside {
  PREAMBLE,
  /** Behind a boundary. */
  BOUNDARY_END,
  HEAD,
  CONTENT,
  EPILOGUE,
}

const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);

/**
 * Reads multipart/form-data (RFC 7578, RFC 2046 section 5.1) as it comes, and keeps nothing of it but the head of a part and
 * what may be the beginning of a boundary.
 */
export class MultipartParser {
  private inside = Inside.PREAMBLE;
  private readonly delimiter: Buffer;
  // The first boundary may stand at the very beginning.
  private held: Buffer = CRLF;
  private sink: PartSink | undefined;
  /** So many bytes at the beginning belong to the head. */
  private skipped = 0;

  /** @param begin says who takes a part; what it throws, and what the sink throws, ends the reading */
  constructor(
    boundary: string,
    private readonly begin: (head: PartHead) => PartSink,
  ) {
    this.delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /** @throws EyrieError INVALID_REQUEST */
  write(piece: Buffer): void {
    let rest: Buffer | undefined = this.held.length === 0 ? piece : Buffer.concat([this.held, piece]);
    this.held = NOTHING;
    while (rest && rest.length > 0) rest = this.read(rest);
  }

  /** @throws EyrieError INVALID_REQUEST where the end is missing */
  end(): void {
    if (this.inside === Inside.EPILOGUE) return;
    // The last boundary need not be followed by anything.
    throw broken(this.inside === Inside.PREAMBLE ? 'its boundary never comes' : 'it ends before its last boundary');
  }

  /** @returns what is not read yet; undefined when more has to come first */
  private read(bytes: Buffer): Buffer | undefined {
    switch (this.inside) {
      case Inside.PREAMBLE:
        return this.readPreamble(bytes);
      case Inside.BOUNDARY_END:
        return this.readBoundaryEnd(bytes);
      case Inside.HEAD:
        return this.readHead(bytes);
      case Inside.CONTENT:
        return this.readContent(bytes);
      case Inside.EPILOGUE:
        // To be ignored; RFC 2046, 5.1.1
        return undefined;
    }
  }

  private readPreamble(bytes: Buffer): Buffer | undefined {
    const at = bytes.indexOf(this.delimiter);
    if (at >= 0) {
      this.inside = Inside.BOUNDARY_END;
      return bytes.subarray(at + this.delimiter.length);
    }
    if (bytes.length > MAX_HEAD_BYTES) throw broken('it does not begin with its boundary');
    return this.hold(bytes);
  }

  private readBoundaryEnd(bytes: Buffer): Buffer | undefined {
    // RFC 2046 lets white space follow a boundary.
    let at = 0;
    while (at < bytes.length && at < MAX_HEAD_BYTES && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
    if (bytes.length < at + 2 && at < MAX_HEAD_BYTES) return this.hold(bytes);
    const next = bytes.toString('latin1', at, at + 2);
    if (next === '--' && at === 0) {
      this.inside = Inside.EPILOGUE;
      return undefined;
    }
    if (next !== '\r\n') throw broken('a boundary is followed by something else than the end of its line');
    this.inside = Inside.HEAD;
    // That end is also the one before an empty head.
    return bytes.subarray(at);
  }

  private readHead(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(HEAD_END);
    if (end > MAX_HEAD_BYTES || (end < 0 && bytes.length > MAX_HEAD_BYTES)) {
      throw broken(`the headers of a part have more than ${MAX_HEAD_BYTES} bytes`);
    }
    if (end < 0) return this.hold(bytes);
    this.sink = this.begin(readPartHead(bytes.subarray(CRLF.length, Math.max(CRLF.length, end))));
    this.inside = Inside.CONTENT;
    // The end of the head is also the one before the boundary of an empty content.
    this.skipped = CRLF.length;
    return bytes.subarray(end + CRLF.length);
  }

  private readContent(bytes: Buffer): Buffer | undefined {
    const at = bytes.indexOf(this.delimiter);
    if (at >= 0) {
      this.pass(bytes, at);
      this.sink!.end();
      this.inside = Inside.BOUNDARY_END;
      return bytes.subarray(at + this.delimiter.length);
    }
    // The end of it may be the beginning of a boundary.
    const sure = bytes.length - this.delimiter.length + 1;
    if (sure <= this.skipped) return this.hold(bytes);
    this.pass(bytes, sure);
    return this.hold(bytes.subarray(sure));
  }

  private pass(bytes: Buffer, end: number): void {
    if (end > this.skipped) this.sink!.take(bytes.subarray(this.skipped, end));
    this.skipped = 0;
  }

  private hold(bytes: Buffer): undefined {
    this.held = bytes;
  }
}
