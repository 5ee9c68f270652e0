import type { IncomingMessage, ServerResponse } from 'node:http';
import { EyrieError } from '#core';

/** As many as Envoy takes. Node would forget those beyond 2000 without a word. */
const MOST_HEADERS = 100;
/** Headers of which a proxy may heed one and this server another, if there are two. */
const ONCE_ONLY = new Set(['host', 'content-type', 'content-encoding', 'authorization', 'x-api-key']);
const LENGTHS_OF_THESE = new Set([...ONCE_ONLY].map(({ length }) => length));
/** RFC 3986, 3.2.2 and 3.2.3: a name, an IPv4 address or one of IPv6 in brackets, and perhaps a port; or nothing at all. */
const HOST = /^([\w.~%!$&'()*+;=-]*|\[[0-9A-Fa-f:.]+\])(:\d{0,5})?$/;
const ABSOLUTE_TARGET = /^https?:\/\/(?:[^/?#@]*@)?([^/?#@]+)(?:[/?]|$)/i;

/**
 * Refuses what a proxy in front may have understood otherwise than this server, where Node's parser lets it through. The
 * connection is closed then, since nobody knows where the next request begins.
 * @throws EyrieError INVALID_REQUEST
 */
export function requireSoundFraming(req: IncomingMessage, res: ServerResponse): void {
  const fault = faultOf(req);
  if (fault === undefined) return;
  res.setHeader('Connection', 'close');
  throw new EyrieError('INVALID_REQUEST', fault);
}

function faultOf({ headers, rawHeaders, httpVersion, url = '' }: IncomingMessage): string | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'this server speaks HTTP/1.1 and HTTP/1.0 only';
  // Names and values stand in it in turn.
  if (rawHeaders.length > 2 * MOST_HEADERS) return `the request has more than ${MOST_HEADERS} headers`;
  const twice = repeated(rawHeaders);
  if (twice !== undefined) return `the request has the header ${twice} more than once`;
  if (headers.host === undefined) {
    if (httpVersion === '1.1') return 'a request of HTTP/1.1 must have a Host header';
  } else if (!HOST.test(headers.host)) {
    return 'the header Host is no name or address with a port or without one';
  }
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined) {
    // RFC 9112, 6.1
    if (httpVersion === '1.0') return 'a request of HTTP/1.0 has no Transfer-Encoding';
    if (encoding.toLowerCase() !== 'chunked') return 'the only Transfer-Encoding that is read is "chunked"';
  }
  return faultOfTarget(url);
}

function faultOfTarget(url: string): string | undefined {
  if (url.includes('#')) return 'the target of a request has no fragment ("#…")';
  if (url.startsWith('/') || url === '*') return undefined;
  const host = ABSOLUTE_TARGET.exec(url)?.[1];
  return host !== undefined && HOST.test(host)
    ? undefined
    : 'the target of the request is neither a path nor a URL with a host';
}

function repeated(rawHeaders: readonly string[]): string | undefined {
  let seen: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const sent = rawHeaders[i]!;
    // Most headers are told by their length alone.
    if (!LENGTHS_OF_THESE.has(sent.length)) continue;
    const name = sent.toLowerCase();
    if (!ONCE_ONLY.has(name)) continue;
    if (seen?.includes(`|${name}|`)) return name;
    seen = `${seen ?? '|'}${name}|`;
  }
  return undefined;
}
