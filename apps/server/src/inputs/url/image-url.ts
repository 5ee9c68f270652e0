import { isIP } from 'node:net';
import { EyrieError } from '#core';
import { isPublicAddress } from './address-policy';

/** Longer than any presigned link, and short enough for the request line of common servers. */
export const MAX_URL_LENGTH = 4096;

/** One request on the way to an image: a URL that passed every check which needs no network. */
export interface Hop {
  url: URL;
  /** How errors name it. No host: that of a redirect may be a name which only an internal server knows. */
  name: string;
  /** The operator allowed this host, wherever its addresses lie. */
  hostAllowed: boolean;
}

const IMAGE_URL = 'The image URL';
const DATA_URI = 'A data: URI goes into the field "image".';

/** @throws {EyrieError} URL_NOT_ALLOWED */
export function firstHop(text: string, allowedHosts: readonly string[]): Hop {
  return checkedHop(IMAGE_URL, parse(IMAGE_URL, text), allowedHosts);
}

export function urlTooLong(name = IMAGE_URL): EyrieError {
  return new EyrieError('URL_NOT_ALLOWED', `${name} is longer than ${MAX_URL_LENGTH} characters. ${DATA_URI}`);
}

/**
 * The hop that a Location header leads to, relative to the one that answered with it.
 *
 * @throws {EyrieError} URL_NOT_ALLOWED
 */
export function nextHop(from: Hop, location: string, allowedHosts: readonly string[]): Hop {
  const name = 'The URL that the image URL redirects to';
  const url = parse(name, location, from.url);
  if (from.url.protocol === 'https:' && url.protocol === 'http:') {
    throw new EyrieError('URL_NOT_ALLOWED', `${name} leaves https for http. Give an https URL of the image itself.`);
  }
  return checkedHop(name, url, allowedHosts);
}

/** The refusal of a host whose address is not public. It says nothing of the address, which may be a secret. */
export function notPublic(name: string): EyrieError {
  return new EyrieError(
    'URL_NOT_ALLOWED',
    `${name} leads to an address that is not public. ` +
      `Send the image itself, or have the operator of this server add its host to URL_ALLOWED_HOSTS.`,
  );
}

function parse(name: string, text: string, base?: URL): URL {
  if (text.length > MAX_URL_LENGTH) throw urlTooLong(name);
  try {
    return new URL(text, base);
  } catch {
    throw new EyrieError(
      'URL_NOT_ALLOWED',
      `${name} is not a valid absolute URL, such as https://example.com/cat.jpg.`,
    );
  }
}

function checkedHop(name: string, url: URL, allowedHosts: readonly string[]): Hop {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const hint = url.protocol === 'data:' ? ` ${DATA_URI}` : '';
    throw new EyrieError('URL_NOT_ALLOWED', `${name} must begin with http:// or https://.${hint}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new EyrieError('URL_NOT_ALLOWED', `${name} must not carry a user name or a password.`);
  }
  // "example.com." is the same host; without the dot it also fits the allow list, the Host header and TLS. This must
  // come before the address check: "127.0.0.1.." turns into an address only here.
  url.hostname = url.hostname.replace(/\.$/, '');
  const hostAllowed = isAllowed(url, allowedHosts);
  // An address in the URL is never looked up in DNS, so it has to be judged here. The URL parser has already brought
  // the decimal, octal, hexadecimal and short forms into the usual one.
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (!hostAllowed && isIP(literal) !== 0 && !isPublicAddress(literal)) throw notPublic(name);
  return { url, name, hostAllowed };
}

function isAllowed(url: URL, allowedHosts: readonly string[]): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return allowedHosts.includes(url.hostname) || allowedHosts.includes(`${url.hostname}:${port}`);
}
