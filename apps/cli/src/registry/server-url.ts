import { UsageError } from '../usage-error';

/**
 * The base that the paths of the API are resolved against: a server behind a prefix (`http://host/eyrie`) keeps it.
 * @param from what the address was given by, for the message
 * @throws UsageError
 */
export function parseServerUrl(text: string, from: string): URL {
  // `new URL` takes "localhost:8000" for a URL whose scheme is "localhost".
  if (!/^https?:\/\//i.test(text)) {
    throw new UsageError(`${from} must begin with http:// or https://, such as http://localhost:8000, not "${text}"`);
  }
  if (!URL.canParse(text)) throw new UsageError(`${from}: "${text}" is no URL`);
  const url = new URL(text);
  // fetch refuses such URLs, with a message that repeats the password.
  if (url.username || url.password) throw new UsageError(`${from} must not hold a name or a password; give --key`);
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
