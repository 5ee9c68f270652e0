/** How much the headers around a file may take. */
export const PART_OVERHEAD = 4096;

const PLAIN_TYPE = /^multipart\/form-data; ?boundary=([\w'()+,./:=?-]{1,70})$/i;
const PLAIN_PART = /^--[^\r\n]+\r\nContent-Disposition: form-data; name="([^"\\]*)"; filename="[^"\\\r\n]+"(?:\r\nContent-Type: [^\r\n]*)?$/i; // prettier-ignore
/** What may follow the last boundary. */
const ENDS = ['--\r\n', '--'];

/**
 * A multipart/form-data body (RFC 7578) that is written as nearly all clients write a form with one file, so that the file
 * can be cut out of it. All else is for a parser to read, or to find fault with.
 *
 * Both methods are called with the same bytes again, and those that have come meanwhile.
 */
export class SingleFileForm {
  private readonly boundary: string | undefined;
  private start: number | undefined;
  /** Before this there is no boundary behind the file. */
  private searched = 0;

  constructor(
    contentType: string | undefined,
    private readonly field: string,
  ) {
    this.boundary = PLAIN_TYPE.exec(contentType ?? '')?.[1];
  }

  /** Whether the beginning of a body may be that of such a form. */
  mayBegin(body: Buffer): boolean {
    if (this.boundary === undefined) return false;
    this.start ??= this.startIn(body);
    if (this.start === undefined) return body.length < PART_OVERHEAD && body.indexOf('\r\n\r\n') < 0;
    const rest = this.restOf(body);
    return rest === undefined || ENDS[0]!.startsWith(rest);
  }

  /** @returns a part of `body`, not a copy; undefined when the whole body is not such a form */
  fileOf(body: Buffer): Buffer | undefined {
    if (!this.mayBegin(body)) return undefined;
    const rest = this.restOf(body);
    return rest !== undefined && ENDS.includes(rest) ? body.subarray(this.start, this.searched) : undefined;
  }

  private startIn(body: Buffer): number | undefined {
    const headEnd = body.subarray(0, PART_OVERHEAD).indexOf('\r\n\r\n');
    const head = PLAIN_PART.exec(body.toString('latin1', 0, Math.max(0, headEnd)));
    if (head?.[1] !== this.field || !head[0].startsWith(`--${this.boundary}\r\n`)) return undefined;
    return headEnd + 4;
  }

  /** The first bytes behind the boundary that ends the file; undefined where none has come. */
  private restOf(body: Buffer): string | undefined {
    const delimiter = `\r\n--${this.boundary}`;
    const end = body.indexOf(delimiter, Math.max(this.start!, this.searched), 'latin1');
    this.searched = end < 0 ? body.length - delimiter.length + 1 : end;
    return end < 0 ? undefined : body.toString('latin1', end + delimiter.length, end + delimiter.length + 5);
  }
}
