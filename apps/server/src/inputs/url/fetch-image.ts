import { isUtf8 } from 'node:buffer';
import * as dns from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import type { TcpSocketConnectOpts } from 'node:net';
import { deadlineIn, EyrieError, withTimeLimit, type Limit } from '#core';
import type { FetchTrace, RequestTrace } from '../../tracing/tracing';
import { isPublicAddress } from './address-policy';
import { checkedLookup } from './checked-lookup';
import { firstHop, type Hop, nextHop, notPublic } from './image-url';
import { readImage } from './read-image';
import { isPassing, PassingFailure, retryAfterOf, Retries } from './retry';
import type { Room } from './room';

export interface UrlFetchOptions {
  enabled: boolean;
  /**
   * Hosts that may be fetched from even if their address is private, each as `host` or `host:port`: lower case, IPv6
   * addresses in brackets.
   */
  allowedHosts: readonly string[];
  maxBytes: Limit;
  /** Bytes that all fetches together may hold. */
  room?: Room;
  /** For everything together: DNS, connecting, redirects, further tries and the body. */
  timeoutMs: number;
  /** Where the time comes from; the deadline of whoever asks, without it. */
  timeout?: Limit;
  maxRedirects: number;
  trace?: Pick<RequestTrace, 'fetch'>;
  /** Stands in for DNS in tests. */
  lookup?: typeof dns.lookup;
}

type Answer = { image: Buffer } | { location: string };

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Of a host with several addresses. Node's 250 ms give up on a distant server before it can answer. */
const CONNECT_ATTEMPT_MS = 1000;

/**
 * Fetches an image from the public internet, or from a host that the operator allowed, and from nowhere else: the URL,
 * every address that DNS gives for it, the address connected to and each redirect are checked.
 *
 * @param signal ends the fetch, which then rejects with the signal's reason
 * @throws {EyrieError} URL_NOT_ALLOWED, URL_FETCH_FAILED, IMAGE_TOO_LARGE. No message tells an address that DNS gave
 *   or a host that a redirect named; `cause` may, so it is for the log only.
 */
export async function fetchImage(url: string, options: UrlFetchOptions, signal?: AbortSignal): Promise<Buffer> {
  if (!options.enabled) {
    throw new EyrieError(
      'URL_NOT_ALLOWED',
      'This server does not fetch images by URL. Send the image itself, or have its operator switch on URL_IMAGES.',
    );
  }
  const limit = { ms: options.timeoutMs, signal, onExpiry: () => timedOut(options) };
  return withTimeLimit(limit, async (end) => follow(firstHop(url, options.allowedHosts), options, end));
}

async function follow(first: Hop, options: UrlFetchOptions, end: AbortSignal): Promise<Buffer> {
  const retries = new Retries(deadlineIn(options.timeoutMs));
  let hop = first;
  for (let redirects = 0; redirects <= options.maxRedirects; redirects++) {
    const answer = await askUntilItAnswers(hop, options, retries, end, redirects);
    if ('image' in answer) return answer.image;
    hop = nextHop(hop, answer.location, options.allowedHosts);
  }
  throw new EyrieError('URL_FETCH_FAILED', `${first.name} redirects more than ${options.maxRedirects} times.`);
}

async function askUntilItAnswers(
  hop: Hop,
  options: UrlFetchOptions,
  retries: Retries,
  end: AbortSignal,
  redirects: number,
): Promise<Answer> {
  for (;;) {
    try {
      return await ask(hop, options, end, options.trace?.fetch('GET', hop.url, redirects));
    } catch (failure) {
      if (!(failure instanceof PassingFailure)) throw failure;
      await retries.next(failure, end);
    }
  }
}

/** One request and its answer. Its connection is closed when this settles, whichever way. @throws also PassingFailure */
async function ask(hop: Hop, options: UrlFetchOptions, end: AbortSignal, trace?: FetchTrace): Promise<Answer> {
  const request = open(hop, options.lookup ?? dns.lookup, trace?.headers);
  let response: http.IncomingMessage | undefined;
  const close = () => request.destroy();
  end.addEventListener('abort', close);
  try {
    // An end that came before the listener is not announced again.
    if (end.aborted) close();
    response = await send(request);
    const { location } = response.headers;
    const answer =
      location !== undefined && REDIRECTS.has(response.statusCode ?? 0)
        ? { location: asUtf8(location) }
        : { image: await readImage(response, hop.name, options.maxBytes, options.room) };
    trace?.end({ status: response.statusCode });
    return answer;
  } catch (thrown) {
    // What a destroyed request reports is only the consequence; why it was destroyed is the answer.
    const reason: unknown = end.aborted ? end.reason : thrown;
    const error = end.aborted || reason instanceof EyrieError ? reason : failed(hop.name, reason);
    trace?.end({ status: response?.statusCode, error });
    if (!end.aborted && isPassing(response, thrown)) throw new PassingFailure(error, retryAfterOf(response));
    throw error;
  } finally {
    end.removeEventListener('abort', close);
    close();
  }
}

function open(hop: Hop, lookup: typeof dns.lookup, traceHeaders?: FetchTrace['headers']): http.ClientRequest {
  const refusal = () => notPublic(hop.name);
  const options: https.RequestOptions & Pick<TcpSocketConnectOpts, 'autoSelectFamilyAttemptTimeout'> = {
    // A connection of its own, never one from a pool whose address was checked for somebody else. It also keeps
    // clear of proxies that the environment names: they would connect to addresses unseen by us.
    agent: false,
    autoSelectFamilyAttemptTimeout: CONNECT_ATTEMPT_MS,
    headers: { Accept: 'image/*', 'Accept-Encoding': 'identity', 'User-Agent': 'eyrie', ...traceHeaders },
    lookup: hop.hostAllowed ? lookup : checkedLookup(lookup, refusal),
  };
  const request = hop.url.protocol === 'https:' ? https.request(hop.url, options) : http.request(hop.url, options);
  if (!hop.hostAllowed) {
    // The last line of defence, before the first byte is sent: should an unchecked address ever slip through.
    request.once('socket', (socket) => {
      socket.once('connect', () => {
        if (!isPublicAddress(socket.remoteAddress ?? '')) request.destroy(refusal());
      });
    });
  }
  return request;
}

/** Node reads headers as Latin-1. Servers that write other characters as they are write UTF-8, and browsers read it so. */
function asUtf8(header: string): string {
  const bytes = Buffer.from(header, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : header;
}

function send(request: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    // Stays for the life of the request: an error without a listener would end the process.
    request.on('error', reject);
    // A connection can also end without an error, as Node's does after an unasked "101 Switching Protocols".
    request.on('close', () => reject(new Error('the connection was closed without an answer')));
    request.end();
  });
}

/** Only the error's code reaches the caller (ENOTFOUND, ECONNREFUSED, ...): its message has the address in it. */
function failed(name: string, error: unknown): EyrieError {
  const { code } = error as NodeJS.ErrnoException;
  const reason = code === undefined ? '' : ` (${code})`;
  return new EyrieError('URL_FETCH_FAILED', `${name} could not be fetched${reason}.`, { cause: error });
}

function timedOut({ timeoutMs, timeout }: UrlFetchOptions): EyrieError {
  const detail = `the image URL was not fetched within ${Math.round(timeoutMs)} ms`;
  return new EyrieError('URL_FETCH_FAILED', detail, { bound: timeout ?? 'deadline' });
}
