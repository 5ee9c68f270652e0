import { EyrieError } from '#core';

const BOUNDARY = /;[ \t]*boundary[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/gi;
/** RFC 2046, 5.1.1 */
const VALID = /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/;

/** What stands between the parts, without its hyphens. @throws EyrieError INVALID_REQUEST */
export function boundaryOf(contentType: string): string {
  const found = [...contentType.matchAll(BOUNDARY)];
  const [, quoted, token = ''] = found[0] ?? [];
  const boundary = quoted?.replace(/\\(.)/g, '$1') ?? token;
  if (found.length === 1 && VALID.test(boundary)) return boundary;
  throw new EyrieError(
    'INVALID_REQUEST',
    `the Content-Type of a form must name one boundary of 1 to 70 characters, as in multipart/form-data; boundary=x7s; ` +
      'most clients write it themselves when they are given no Content-Type',
  );
}
