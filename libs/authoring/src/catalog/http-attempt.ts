import { retryAfterMs, withTimeLimit } from '#core';
import { AttemptFailed, SourceFailed } from './download-errors';
import { redirected, shownUrl, splitCredentials } from './model-url';
import type { Origin, PartFile } from './part-file';

export interface AttemptOptions {
  /** The size that the file must have, where it is known. */
  bytes?: number;
  /** Longest wait for the next byte. */
  stallMs: number;
  signal?: AbortSignal;
  /** @param total null while nobody knows */
  onProgress?: (received: number, total: number | null) => void;
}

/** An ONNX file is one protobuf message, and those end at 2 GiB. */
const MAX_BYTES = 2 ** 31;
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const WORTH_ANOTHER_TRY = new Set([408, 425, 429]);
/** Codes of a TLS connection that will not become trustworthy by trying again. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/;

/**
 * Asks once for what the part lacks, and appends it.
 * @throws AttemptFailed, SourceFailed, DownloadError, or the signal's reason; what came before stays in the part
 */
export async function attempt(url: URL, part: PartFile, options: AttemptOptions): Promise<void> {
  const { stallMs: ms, signal } = options;
  const onExpiry = () => new AttemptFailed(`${shownUrl(url)} sent nothing for ${ms / 1000} s`);
  await withTimeLimit({ ms, signal, onExpiry }, async (end, heard) => {
    try {
      await receive(url, part, options, end, heard);
    } catch (error) {
      throw asOwnError(error, url);
    }
  });
}

/** @param heard called for each sign of life */
async function receive(
  url: URL,
  part: PartFile,
  options: AttemptOptions,
  signal: AbortSignal,
  heard: () => void,
): Promise<void> {
  const response = await ask(url, part, signal);
  heard();
  if (hasAll(response, part)) return;
  const total = await place(response, url, part, options.bytes);
  options.onProgress?.(part.size, total);
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    heard();
    if (part.size + chunk.length > (total ?? MAX_BYTES)) {
      throw new SourceFailed(`${shownUrl(url)} sends more than the ${total ?? MAX_BYTES} bytes that the file may have`);
    }
    await part.append(chunk);
    options.onProgress?.(part.size, total);
  }
  if (total !== null && part.size < total) {
    throw new AttemptFailed(`the connection ended after ${part.size} of ${total} bytes`);
  }
}

/** Follows redirects itself: `fetch` would also go from https to http. */
async function ask(url: URL, part: PartFile, signal: AbortSignal): Promise<Response> {
  const { bare, authorization } = splitCredentials(url);
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'eyrie' };
  if (part.size > 0) {
    headers.range = `bytes=${part.size}-`;
    if (part.origin?.url === bare.href) headers['if-range'] = part.origin.etag;
  }
  let at = bare;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const own: Record<string, string> = authorization && at.origin === bare.origin ? { authorization } : {};
    const response = await fetch(at, { headers: { ...headers, ...own }, redirect: 'manual', signal });
    if (!REDIRECTS.has(response.status)) return response;
    await response.body?.cancel();
    at = splitCredentials(redirected(at, response.headers.get('location'))).bare;
  }
  throw new SourceFailed(`${shownUrl(url)} redirects more than ${MAX_REDIRECTS} times`);
}

/** Whether there was nothing left to ask for: the size of the file was not known, and all of it had come. */
function hasAll({ status, headers }: Response, part: PartFile): boolean {
  return status === 416 && headers.get('content-range') === `bytes */${part.size}`;
}

/**
 * Finds where in the file the answer's bytes belong, and brings the part there.
 * @returns the size of the whole file, null when the server does not tell and nobody knew
 */
async function place(response: Response, url: URL, part: PartFile, bytes?: number): Promise<number | null> {
  const name = shownUrl(url);
  refuseFailures(response, name);
  if (!/^(identity)?$/.test(response.headers.get('content-encoding') ?? '')) {
    throw new SourceFailed(`${name} sends the file compressed, although it was asked not to`);
  }
  if (response.status === 416) {
    await part.restart(null);
    throw new AttemptFailed(`${name} has no bytes after those that had come, so they are fetched again`);
  }
  if (response.status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    if (Number(range?.[1]) !== part.size) {
      await part.restart(null);
      throw new AttemptFailed(`${name} answered with another range than it was asked for`);
    }
    return sizeToExpect(numberOf(range?.[2]), bytes, name);
  }
  const total = sizeToExpect(numberOf(response.headers.get('content-length')), bytes, name);
  await part.restart(originOf(response, url)); // the whole file, from its beginning, whatever was asked for
  return total;
}

function refuseFailures({ status, headers }: Response, name: string): void {
  if (status === 200 || status === 206 || status === 416) return;
  if (status >= 500 || WORTH_ANOTHER_TRY.has(status)) {
    throw new AttemptFailed(
      `${name} answered ${status}`,
      retryAfterMs(headers.get('retry-after'), headers.get('date')),
    );
  }
  const hint = status === 401 || status === 403 ? '; it wants credentials, or does not serve this file any more' : '';
  throw new SourceFailed(`${name} answered ${status}${hint}`);
}

/** @throws SourceFailed when the server has a file of another size than the one that is wanted */
function sizeToExpect(told: number | null, known: number | undefined, name: string): number | null {
  if (told !== null && known !== undefined && told !== known) {
    throw new SourceFailed(`${name} has ${told} bytes, but the file must have ${known}`);
  }
  const size = known ?? told;
  if (size !== null && size > MAX_BYTES) throw new SourceFailed(`${name} has ${size} bytes, more than ONNX allows`);
  return size;
}

/** A weak ETag does not promise the same bytes, so it must not be used to go on. RFC 9110, section 13.1.5. */
function originOf(response: Response, url: URL): Origin | null {
  const etag = response.headers.get('etag');
  return etag?.startsWith('"') ? { url: splitCredentials(url).bare.href, etag } : null;
}

function numberOf(text: string | null | undefined): number | null {
  return text && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function asOwnError(error: unknown, url: URL): unknown {
  const { name, cause } = error as { name?: string; cause?: { code?: string; message?: string } };
  if (name !== 'TypeError') return error; // whatever goes wrong on the network is a TypeError to `fetch`
  const why = cause?.code ?? cause?.message ?? (error as Error).message;
  if (CERTIFICATE.test(why)) {
    return new SourceFailed(`${shownUrl(url)} has a certificate that is not trusted (${why}); see NODE_EXTRA_CA_CERTS`);
  }
  // `fetch` keeps away from ports of other services, such as 25 for mail. https://fetch.spec.whatwg.org/#port-blocking
  if (why === 'bad port') return new SourceFailed(`${shownUrl(url)} is on a port that is not for HTTP; use another`);
  return new AttemptFailed(`the connection to ${url.host} failed: ${why}`);
}
