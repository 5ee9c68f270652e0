import { SourceFailed } from './download-errors';

/** What the URL means, with nothing in it that must not be shown, such as a password or a signed query. */
export function shownUrl(url: URL): string {
  const credentials = url.username || url.password ? '***@' : '';
  return `${url.protocol}//${credentials}${url.host}${url.pathname}${url.search ? '?…' : ''}`;
}

/**
 * Where a redirect leads.
 * @throws SourceFailed when that is neither http nor https, or would drop the encryption
 */
export function redirected(from: URL, location: string | null): URL {
  if (location === null || !URL.canParse(location, from.href)) {
    throw new SourceFailed(`${shownUrl(from)} redirects to nowhere`);
  }
  const to = new URL(location, from);
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw new SourceFailed(`${shownUrl(from)} redirects to a ${to.protocol} URL, which is not followed`);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new SourceFailed(
      `${shownUrl(from)} redirects to ${shownUrl(to)}, which is not encrypted and is not followed`,
    );
  }
  return to;
}

/** `fetch` takes no credentials in a URL; they become a header, which must go to that URL's own origin only. */
export function splitCredentials(url: URL): { bare: URL; authorization?: string } {
  if (!url.username && !url.password) return { bare: url };
  const bare = new URL(url);
  bare.username = bare.password = '';
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { bare, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
