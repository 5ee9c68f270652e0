/** How much the headers around a file may take. */
export const PART_OVERHEAD = 4096;

const PLAIN_TYPE = /^multipart\/form-data; ?boundary=([\w'()+,./:=?-]{1,70})$/i;
const PLAIN_PART = /^--[^\r\n]+\r\nContent-Disposition: form-data; name="([^"\\]*)"; filename="[^"\\\r\n]+"(?:\r\nContent-Type: [^\r\n]*)?$/i; // prettier-ignore

/**
 * The file of a multipart/form-data body (RFC 7578) that is written as nearly all clients write a form with one file:
 * that takes a hundredth of what a parser of everything that may be in such a body does.
 * @returns a part of `body`, not a copy; undefined for all else, which is for the parser to read, or to find fault with
 */
export function singleFileOf(contentType: string | undefined, body: Buffer, field: string): Buffer | undefined {
  const boundary = PLAIN_TYPE.exec(contentType ?? '')?.[1];
  if (boundary === undefined) return undefined;
  const headEnd = body.subarray(0, PART_OVERHEAD).indexOf('\r\n\r\n');
  const head = PLAIN_PART.exec(body.toString('latin1', 0, Math.max(0, headEnd)));
  if (head?.[1] !== field || !head[0].startsWith(`--${boundary}\r\n`)) return undefined;
  const start = headEnd + 4;
  const delimiter = `\r\n--${boundary}`;
  const end = body.indexOf(delimiter, start, 'latin1');
  if (end < 0) return undefined;
  const rest = body.toString('latin1', end + delimiter.length, end + delimiter.length + 5);
  return rest === '--\r\n' || rest === '--' ? body.subarray(start, end) : undefined;
}
