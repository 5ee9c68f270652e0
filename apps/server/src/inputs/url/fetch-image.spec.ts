import { randomBytes } from 'node:crypto';
import type * as dns from 'node:dns';
import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import { fetchImage, type UrlFetchOptions } from './fetch-image';
import { Room } from './room';

const MAX_BYTES = 200_000;
const PNG = randomBytes(5000);

/** A real server on loopback, whose host the options allow; each test says what it answers. */
let server: http.Server;
let answer: (request: http.IncomingMessage, response: http.ServerResponse) => void;
let requests: http.IncomingMessage[];
let host: string;

beforeAll(async () => {
  server = http.createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  requests = [];
});

// A socket that the fetcher left open keeps its connection here. Closing takes a moment to be seen on this side.
afterEach(async () => {
  for (let tries = 0; tries < 100 && (await openConnections()) > 0; tries++) await delay(10);
  const left = await openConnections();
  server.closeAllConnections();
  expect(left).toBe(0);
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

function openConnections(): Promise<number> {
  return new Promise((resolve, reject) => server.getConnections((error, n) => (error ? reject(error) : resolve(n))));
}

function fetchIt(path = '/', options: Partial<UrlFetchOptions> = {}, signal?: AbortSignal): Promise<Buffer> {
  return fetchImage(
    new URL(path, `http://${host}`).href,
    {
      enabled: true,
      allowedHosts: [host],
      maxBytes: { setting: 'MAX_IMAGE_BYTES', value: MAX_BYTES },
      timeoutMs: 5000,
      maxRedirects: 3,
      ...options,
    },
    signal,
  );
}

/** A DNS that knows every name to be this machine. */
const loopbackLookup = ((_host: string, _options: unknown, callback: (error: null, answer: unknown) => void) =>
  callback(null, [{ address: '127.0.0.1', family: 4 }])) as unknown as typeof dns.lookup;

/** Redirects /4 to /3, that to /2 and so on; /0 is the image. */
const countdown: typeof answer = (request, response) => {
  const left = Number(request.url?.slice(1));
  if (left === 0) response.end(PNG);
  else response.writeHead(302, { Location: `/${left - 1}` }).end('moved');
};

/** One byte every 20 ms, for ever. */
const drip: typeof answer = (_request, response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write('x'), 20);
  response.on('close', () => clearInterval(timer));
};

describe('an image that can be had', () => {
  it('comes back byte for byte', async () => {
    answer = (_request, response) => response.end(PNG);
    expect(await fetchIt()).toEqual(PNG);
  });

  it('comes back byte for byte when sent in chunks without a length', async () => {
    const image = randomBytes(MAX_BYTES - 1);
    answer = (_request, response) => {
      for (let at = 0; at < image.length; at += 7001) response.write(image.subarray(at, at + 7001));
      response.end();
    };
    expect(await fetchIt()).toEqual(image);
  });

  it('is asked for uncompressed, on a connection of its own, with path and query but no fragment', async () => {
    answer = (_request, response) => response.end(PNG);
    await fetchIt('/cat.png?size=2#top');
    expect(requests[0]?.url).toBe('/cat.png?size=2');
    expect(requests[0]?.headers).toEqual({
      host,
      accept: 'image/*',
      'accept-encoding': 'identity',
      'user-agent': 'eyrie',
      connection: 'close',
    });
  });

  it('is fetched directly whatever proxy the environment names', async () => {
    answer = (_request, response) => response.end(PNG);
    const proxy = 'http://127.0.0.1:9';
    const env = jest.replaceProperty(process, 'env', { ...process.env, http_proxy: proxy, HTTP_PROXY: proxy });
    expect(await fetchIt().finally(() => env.restore())).toEqual(PNG);
  });

  it('is found by the name of an allowed host, though its address is private', async () => {
    answer = (_request, response) => response.end(PNG);
    const url = `http://minio.test:${host.split(':')[1]}/`;
    expect(await fetchIt(url, { allowedHosts: ['minio.test'], lookup: loopbackLookup })).toEqual(PNG);
  });
});

describe('the size limit', () => {
  it.each([
    ['announced', { 'Content-Length': MAX_BYTES }],
    ['streamed', {}],
  ])('lets an image of exactly the limit pass, %s', async (_how, headers) => {
    const image = randomBytes(MAX_BYTES);
    answer = (_request, response) => response.writeHead(200, headers).end(image);
    expect(await fetchIt()).toEqual(image);
  });

  it('refuses one byte more by its announced length, before any of it is sent', async () => {
    answer = (_request, response) => response.writeHead(200, { 'Content-Length': MAX_BYTES + 1 }).flushHeaders();
    await expect(fetchIt()).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  it('refuses one byte more in a stream without a length', async () => {
    answer = (_request, response) => {
      response.write(randomBytes(MAX_BYTES));
      response.end('x');
    };
    await expect(fetchIt()).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  it('hangs up on an endless stream', async () => {
    let hungUp: Promise<unknown> | undefined;
    answer = (_request, response) => {
      hungUp = once(response, 'close');
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      };
      response.on('drain', more);
      more();
    };
    await expect(fetchIt()).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    await hungUp;
  });

  it('does not hide the status of a long error page', async () => {
    answer = (_request, response) => response.writeHead(404, { 'Content-Length': MAX_BYTES + 1 }).flushHeaders();
    await expect(fetchIt()).rejects.toMatchObject({ code: 'URL_FETCH_FAILED', message: expect.stringMatching(/404/) });
  });
});

describe('redirects', () => {
  it.each([0, 1, 2, 3])('are followed %i times', async (times) => {
    answer = countdown;
    expect(await fetchIt(`/${times}`)).toEqual(PNG);
  });

  it('are not followed a fourth time', async () => {
    answer = countdown;
    await expect(fetchIt('/4')).rejects.toMatchObject({
      code: 'URL_FETCH_FAILED',
      message: expect.stringMatching(/more than 3 times/),
    });
    expect(requests.map(({ url }) => url)).toEqual(['/4', '/3', '/2', '/1']);
  });

  it.each([301, 302, 303, 307, 308])('are followed with status %i', async (status) => {
    answer = (request, response) =>
      request.url === '/' ? response.writeHead(status, { Location: '/image' }).end() : response.end(PNG);
    expect(await fetchIt()).toEqual(PNG);
  });

  it('are not seen in an image that comes with a Location', async () => {
    answer = (_request, response) => response.writeHead(200, { Location: '/other' }).end(PNG);
    expect(await fetchIt()).toEqual(PNG);
    expect(requests).toHaveLength(1);
  });

  it('that go round in a circle end', async () => {
    answer = (request, response) => response.writeHead(302, { Location: request.url === '/a' ? '/b' : '/a' }).end();
    await expect(fetchIt('/a')).rejects.toMatchObject({ code: 'URL_FETCH_FAILED' });
    expect(requests).toHaveLength(4);
  });

  it.each([
    'http://10.0.0.1/',
    'http://[::1]/',
    'http://2130706433/',
    '//169.254.169.254/latest/',
    'file:///etc/passwd',
  ])('to %s are refused', async (location) => {
    answer = (_request, response) => response.writeHead(302, { Location: location }).end();
    await expect(fetchIt()).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
    expect(requests).toHaveLength(1);
  });

  it('from the allowed port of a host to another port are refused', async () => {
    answer = (_request, response) => response.writeHead(302, { Location: 'http://127.0.0.1:9/' }).end();
    await expect(fetchIt()).rejects.toMatchObject({ code: 'URL_NOT_ALLOWED' });
  });

  it.each([300, 302, 304])('without a usable target are failures: status %i', async (status) => {
    answer = (_request, response) => response.writeHead(status).end();
    await expect(fetchIt()).rejects.toMatchObject({
      code: 'URL_FETCH_FAILED',
      message: expect.stringMatching(`status ${status}`),
    });
  });

  it('do not start the time anew', async () => {
    answer = (request, response) => void setTimeout(() => countdown(request, response), 150);
    await expect(fetchIt('/3', { timeoutMs: 300 })).rejects.toMatchObject({ code: 'URL_FETCH_FAILED' });
    expect(requests.length).toBeLessThan(4);
  });
});

describe('a Location', () => {
  it.each([
    ['in UTF-8', '/b\u00e4r/\u8239.png', '/b%C3%A4r/%E8%88%B9.png'],
    ['with blanks', '/a b c.png', '/a%20b%20c.png'],
    ['that is encoded already', '/b%C3%A4r', '/b%C3%A4r'],
  ])('%s is followed as browsers do', async (_, location, path) => {
    answer = (request, { socket }) => {
      if (request.url === path) return void socket!.end(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx`);
      socket!.end(Buffer.from(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`));
    };
    expect(await fetchIt()).toEqual(Buffer.from('x'));
  });

  it('in Latin-1 is read as that', async () => {
    answer = (request, { socket }) => {
      if (request.url === '/b%C3%A4r') return void socket!.end(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx`);
      socket!.end(Buffer.from('HTTP/1.1 302 Found\r\nLocation: /b\xe4r\r\nContent-Length: 0\r\n\r\n', 'latin1'));
    };
    expect(await fetchIt()).toEqual(Buffer.from('x'));
  });
});

describe('an image that was compressed unasked', () => {
  const encodings: [string, (bytes: Buffer) => Buffer][] = [
    ['gzip', zlib.gzipSync],
    ['X-GZIP', zlib.gzipSync],
    ['deflate', zlib.deflateSync],
    ['br', zlib.brotliCompressSync],
    ['identity', (bytes) => bytes],
  ];
  it.each(encodings)('by %s is unpacked', async (encoding, encode) => {
    answer = (_request, response) => response.writeHead(200, { 'Content-Encoding': encoding }).end(encode(PNG));
    expect(await fetchIt()).toEqual(PNG);
  });

  it.each(encodings.slice(0, 4))('by %s is refused where it grows beyond the limit', async (encoding, encode) => {
    const bomb = encode(Buffer.alloc(20_000_000));
    answer = (_request, response) => response.writeHead(200, { 'Content-Encoding': encoding }).end(bomb);
    await expect(fetchIt()).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  it.each([
    ['what is none', 'gzip', PNG],
    ['half of it', 'gzip', zlib.gzipSync(PNG).subarray(0, 1000)],
    ['an encoding that is not known', 'compress', PNG],
    ['two encodings', 'gzip, br', zlib.brotliCompressSync(zlib.gzipSync(PNG))],
    ['a name of Object', 'constructor', PNG],
  ])('is a failed fetch with %s', async (_, encoding, bytes) => {
    answer = (_request, response) => response.writeHead(200, { 'Content-Encoding': encoding }).end(bytes);
    await expect(fetchIt()).rejects.toMatchObject({ code: 'URL_FETCH_FAILED' });
  });
});

describe('what may pass is tried again', () => {
  it.each([
    ['status 502', (_request, response) => response.writeHead(502).end()],
    ['status 503', (_request, response) => response.writeHead(503).end()],
    ['status 504', (_request, response) => response.writeHead(504).end()],
    ['a connection that was reset', ({ socket }) => socket.resetAndDestroy()],
    ['a body that broke off', (_request, response) => void response.write('x', () => response.destroy())],
  ] satisfies [string, typeof answer][])('%s, twice', async (_, fail) => {
    answer = (request, response) => (requests.length < 3 ? fail(request, response) : response.end(PNG));
    expect(await fetchIt()).toEqual(PNG);
    expect(requests).toHaveLength(3);
    requests = [];
    answer = fail;
    await expect(fetchIt()).rejects.toMatchObject({ code: 'URL_FETCH_FAILED' });
    expect(requests).toHaveLength(3);
  });

  it.each([400, 404, 429, 500, 501])('and status %i is not', async (status) => {
    answer = (_request, response) => response.writeHead(status).end();
    await expect(fetchIt()).rejects.toMatchObject({ code: 'URL_FETCH_FAILED' });
    expect(requests).toHaveLength(1);
  });

  it('not when the server asks for more time than is left, and not when it is over', async () => {
    answer = (_request, response) => response.writeHead(503, { 'Retry-After': '60' }).end();
    await expect(fetchIt()).rejects.toMatchObject({ message: expect.stringContaining('status 503') });
    answer = (_request, response) => {
      const date = new Date(Date.now() + 60_000).toUTCString();
      response.writeHead(503, { 'Retry-After': date }).end();
    };
    await expect(fetchIt()).rejects.toMatchObject({ message: expect.stringContaining('status 503') });
    expect(requests).toHaveLength(2);
    const client = new AbortController();
    answer = (_request, response) => {
      response.writeHead(503, { 'Retry-After': '2' }).end();
      setTimeout(() => client.abort(new Error('the client left')), 50);
    };
    await expect(fetchIt('/', {}, client.signal)).rejects.toThrow('the client left');
    expect(requests).toHaveLength(3);
  });
});

it('all fetches together hold no more than there is room for, and give it back', async () => {
  const room = new Room(8000);
  answer = (_request, response) => response.end(PNG);
  expect(await fetchIt('/', { room })).toEqual(PNG);
  room.take(4000);
  await expect(fetchIt('/', { room })).rejects.toMatchObject({ code: 'OVERLOADED' });
  room.give(4000);
  expect(await fetchIt('/', { room })).toEqual(PNG);
});

describe('a server that does not deliver', () => {
  const failures: Record<string, typeof answer> = {
    'status 404': (_request, response) => response.writeHead(404).end(PNG),
    'status 500': (_request, response) => response.writeHead(500).end(PNG),
    'status 204': (_request, response) => response.writeHead(204).end(),
    'an empty body': (_request, response) => response.writeHead(200, { 'Content-Length': 0 }).end(),
    'an empty body in chunks': (_request, response) =>
      response.writeHead(200, { 'Transfer-Encoding': 'chunked' }).end(),
    'a body cut short of its length': (_request, response) => {
      response.writeHead(200, { 'Content-Length': PNG.length });
      response.write(PNG.subarray(1), () => response.destroy());
    },
    'chunks that break off': (_request, response) => void response.write(PNG, () => response.destroy()),
    'a hang-up': (request) => request.destroy(),
    'a switch of protocols': (_request, response) =>
      void response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    'something that is not HTTP': (_request, response) => void response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'),
    'headers without end': (_request, response) =>
      void response.socket?.end(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`),
  };

  it.each(Object.entries(failures))('with %s is a failed fetch', async (_how, behaviour) => {
    answer = behaviour;
    await expect(fetchIt()).rejects.toMatchObject({ code: 'URL_FETCH_FAILED', name: 'EyrieError' });
  });

  it('because nobody listens is a failed fetch that does not tell the address', async () => {
    const options = { allowedHosts: ['minio.test'], lookup: loopbackLookup };
    await expect(fetchIt('http://minio.test:1/', options)).rejects.toMatchObject({
      code: 'URL_FETCH_FAILED',
      message: 'The image URL could not be fetched (ECONNREFUSED).',
    });
  });
});

describe('the time limit', () => {
  const slow: Record<string, typeof answer> = {
    'drips its body': drip,
    'drips a body that ends with the connection': (_request, { socket }) => {
      socket?.write('HTTP/1.1 200 OK\r\n\r\n');
      const timer = setInterval(() => socket?.write('x'), 20);
      socket?.on('close', () => clearInterval(timer));
    },
    'never answers': () => undefined,
    'drips its headers': (_request, { socket }) => {
      socket?.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket?.write('x: y\r\n'), 20);
      socket?.on('close', () => clearInterval(timer));
    },
  };

  it.each(Object.entries(slow))('ends the fetch from a server that %s', async (_how, behaviour) => {
    answer = behaviour;
    const start = performance.now();
    await expect(fetchIt('/', { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'URL_FETCH_FAILED',
      message: 'the image URL was not fetched within 200 ms',
    });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('leaves no timer behind', async () => {
    answer = (_request, response) => response.end(PNG);
    const timeoutMs = 54_321;
    const started = jest.spyOn(global, 'setTimeout');
    const cleared = jest.spyOn(global, 'clearTimeout');
    await fetchIt('/', { timeoutMs });
    const timer: unknown = started.mock.results[started.mock.calls.findIndex(([, ms]) => ms === timeoutMs)]?.value;
    expect(timer).toBeDefined();
    expect(cleared).toHaveBeenCalledWith(timer);
    jest.restoreAllMocks();
  });

  it('covers a DNS that never answers', async () => {
    const lookup = (() => undefined) as unknown as typeof dns.lookup;
    await expect(fetchIt('http://example.com/', { timeoutMs: 100, lookup })).rejects.toMatchObject({
      code: 'URL_FETCH_FAILED',
      message: 'the image URL was not fetched within 100 ms',
    });
  });
});

describe('an abort signal', () => {
  it('that was given before the fetch keeps it from connecting', async () => {
    answer = (_request, response) => response.end(PNG);
    const reason = new Error('the client left');
    await expect(fetchIt('/', {}, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(requests).toHaveLength(0);
  });

  it('ends the wait for an answer with its reason', async () => {
    const reason = new Error('the client left');
    const client = new AbortController();
    answer = () => client.abort(reason);
    await expect(fetchIt('/', {}, client.signal)).rejects.toBe(reason);
  });

  it('ends the body with its reason', async () => {
    const reason = new Error('the client left');
    const client = new AbortController();
    answer = (request, response) => {
      drip(request, response);
      setTimeout(() => client.abort(reason), 100);
    };
    await expect(fetchIt('/', {}, client.signal)).rejects.toBe(reason);
  });

  it('ends a fetch that is just asking DNS', async () => {
    const reason = new Error('the client left');
    const client = new AbortController();
    const lookup = (() => client.abort(reason)) as unknown as typeof dns.lookup;
    await expect(fetchIt('http://example.com/', { lookup }, client.signal)).rejects.toBe(reason);
  });

  it('is let go of when the fetch is over', async () => {
    answer = (_request, response) => response.end(PNG);
    const { signal } = new AbortController();
    const added = jest.spyOn(signal, 'addEventListener');
    const removed = jest.spyOn(signal, 'removeEventListener');
    await fetchIt('/', {}, signal);
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed.mock.calls).toEqual(added.mock.calls);
  });
});
