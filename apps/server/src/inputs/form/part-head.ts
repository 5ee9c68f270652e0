import { EyrieError } from '#core';

/** What the headers of a part say. */
export interface PartHead {
  name: string;
  /** Empty where a form was sent without a file in this field; undefined where there is no such parameter, which need not be. */
  fileName: string | undefined;
}

const MAX_HEADERS = 16;
/** RFC 9110, 5.6.2 */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const PARAMETER = /;[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))[ \t]*/gy;
/** What is sent as it is. RFC 7578, 4.7: others are not to be used. */
const PLAIN_ENCODINGS = new Set(['', '7bit', '8bit', 'binary']);

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The headers of a part of multipart/form-data; RFC 7578, section 4.
 * @throws EyrieError INVALID_REQUEST
 */
export function readPartHead(bytes: Buffer): PartHead {
  const headers = headersOf(bytes);
  const disposition = headers.get('content-disposition') ?? '';
  const [kind = ''] = disposition.split(';', 1);
  if (kind.trim().toLowerCase() !== 'form-data') throw broken('a part has no "Content-Disposition: form-data"');
  const parameters = parametersOf(disposition.slice(kind.length));
  const name = parameters?.get('name');
  if (!parameters || name === undefined) throw broken('a part has no name in its Content-Disposition');

  const type = headers.get('content-type') ?? '';
  if (/^multipart\//i.test(type)) throw broken(`the part "${shown(name)}" is a form itself; send each file as a part`);
  const encoding = headers.get('content-transfer-encoding') ?? '';
  if (!PLAIN_ENCODINGS.has(encoding.toLowerCase())) {
    throw broken(`the part "${shown(name)}" has the Content-Transfer-Encoding ${shown(encoding)}; send it as it is`);
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1];
  if (/^text\//i.test(type) && charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw broken(`the part "${shown(name)}" must be UTF-8, not ${shown(charset)}`);
  }
  return { name, fileName: parameters.get('filename') ?? parameters.get('filename*') };
}

function headersOf(bytes: Buffer): Map<string, string> {
  const headers = new Map<string, string>();
  if (bytes.length === 0) return headers;
  const lines = decoded(bytes).split('\r\n');
  if (lines.length > MAX_HEADERS) throw broken(`a part has more than ${MAX_HEADERS} headers`);
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined) throw broken('a header of a part cannot be read');
    if (headers.has(name.toLowerCase())) throw broken(`a part has two headers ${shown(name)}`);
    headers.set(name.toLowerCase(), value!);
  }
  return headers;
}

/** undefined where they cannot be read. */
function parametersOf(text: string): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = 0;
  let end = 0;
  for (let match = PARAMETER.exec(text); match; match = PARAMETER.exec(text)) {
    end = PARAMETER.lastIndex;
    const name = match[1]!.toLowerCase();
    if (parameters.has(name)) return undefined;
    parameters.set(name, match[2]?.replace(/\\(["\\])/g, '$1') ?? match[3] ?? '');
  }
  return /^[\s;]*$/.test(text.slice(end)) ? parameters : undefined;
}

function decoded(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    // Old clients write names of files in the encoding of their machine. What they say does not matter.
    return bytes.toString('latin1');
  }
}

/** In a message: not longer than it helps, and without what could look like something else. */
function shown(text: string): string {
  return text.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
}

export function broken(what: string): EyrieError {
  return new EyrieError('INVALID_REQUEST', `the multipart body is broken: ${what}`);
}
