import { connect } from 'node:net';
import { RawClient, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';
import { Connections } from '../src/http/connections';

let registry: TemporaryFolder;
let server: TestServer;
let image: Buffer;

beforeAll(async () => {
  registry = temporaryRegistry({ manifest: { runtime: { workers: 1, threads: 1 } } });
  server = await startServer({ MODEL_REGISTRY: registry.path, MAX_IMAGE_BYTES: '100000', BODY_TIMEOUT_MS: '2000' });
  image = await randomPng();
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

const GET = 'GET /health/live HTTP/1.1\r\n';
const POST = 'POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n';
const HOST = 'Host: x\r\n';
const CHUNKS = '\r\n\r\n5\r\nhello\r\n0\r\n\r\n';

async function send(data: string): Promise<RawClient> {
  const client = await RawClient.connect(server.port);
  client.send(Buffer.from(data, 'latin1'));
  return client;
}

describe('a request that a proxy may have understood otherwise is refused, and its connection closed', () => {
  it.each([
    ['two Hosts', `${GET}Host: a\r\nHost: b\r\n\r\n`],
    ['two Hosts that are the same', `${GET}Host: a\r\nhOST: a\r\n\r\n`],
    ['two Hosts in HTTP/1.0', 'GET /health/live HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['a Host that is a list', `${GET}Host: a, b\r\n\r\n`],
    ['a Host that is none', `${GET}Host: a/b@c\r\n\r\n`],
    ['no Host', `${GET}\r\n`],
    ['HTTP/0.9 without its name', 'GET /health/live\r\n\r\n'],
    ['HTTP/0.9', 'GET /health/live HTTP/0.9\r\n\r\n'],
    ['HTTP/2.0 as text', `GET /health/live HTTP/2.0\r\n${HOST}\r\n`],
    ['HTTP/1.2', `GET /health/live HTTP/1.2\r\n${HOST}\r\n`],
    ['two keys', `GET /v1/models HTTP/1.1\r\n${HOST}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n`],
    ['two keys of the other kind', `GET /v1/models HTTP/1.1\r\n${HOST}X-API-Key: a\r\nX-Api-Key: b\r\n\r\n`],
    ['two media types', `${POST}Content-Type: application/json\r\nContent-Length: 5\r\n\r\nhello`],
    ['a length and chunks', `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked${CHUNKS}`],
    ['chunks and a length', `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5${CHUNKS}`],
    ['two lengths', `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
    ['a list of lengths', `${POST}Content-Length: 5, 5\r\n\r\nhello`],
    ['a signed length', `${POST}Content-Length: +5\r\n\r\nhello`],
    ['chunks that are compressed', `${POST}Transfer-Encoding: gzip, chunked${CHUNKS}`],
    ['compression without chunks', `${POST}Transfer-Encoding: gzip\r\n\r\nhello`],
    ['chunks twice', `${POST}Transfer-Encoding: chunked, chunked${CHUNKS}`],
    ['chunks in HTTP/1.0', `${POST.replace('1.1', '1.0')}Transfer-Encoding: chunked${CHUNKS}`],
    ['a folded header', `${GET}${HOST}X-A: b\r\n c\r\n\r\n`],
    ['lines that end without CR', 'GET /health/live HTTP/1.1\nHost: x\n\n'],
    ['a header that ends without LF', `${GET}Host: x\rX-A: b\r\n\r\n`],
    ['a blank before the colon', `${GET}Host : x\r\n\r\n`],
    ['a header before the first', `${GET} X-A: b\r\n${HOST}\r\n`],
    ['a NUL', `${GET}${HOST}X-A: a\0b\r\n\r\n`],
    ['a fragment', `GET /health/live#x HTTP/1.1\r\n${HOST}\r\n`],
    ['a URL without a host', `GET http:///health/live HTTP/1.1\r\n${HOST}\r\n`],
    ['101 headers', `${GET}${HOST}${'a: b\r\n'.repeat(100)}\r\n`],
    ['a chunk with a sign', `${POST}Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n`],
  ])('%s', async (_, data) => {
    const client = await send(data);
    await until(() => client.closed, 'the connection is closed');
    expect([client.status, client.body?.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(client.received.match(/^HTTP\/1\.1 \d/gm)).toHaveLength(1);
  });

  it('more headers than Node keeps, some versions of which say so themselves', async () => {
    const client = await send(`${GET}${HOST}${'a:b\r\n'.repeat(2500)}Host: y\r\n\r\n`);
    await until(() => client.closed, 'the connection is closed');
    expect([400, 431]).toContain(client.status);
    expect(client.body?.code).toBe('INVALID_REQUEST');
  });

  it('CONNECT', async () => {
    const client = await send('CONNECT other:80 HTTP/1.1\r\nHost: other:80\r\n\r\n');
    await until(() => client.closed, 'the connection is closed');
    expect([client.status, client.body?.code]).toEqual([405, 'INVALID_REQUEST']);
  });

  it.each([
    ['a name and a port', `${GET}Host: models.example:8000\r\n\r\n`],
    ['an IPv6 address', `${GET}Host: [::1]:8000\r\n\r\n`],
    ['nothing, as who has no name to ask for', `${GET}Host:\r\n\r\n`],
    ['HTTP/1.0 without one', 'GET /health/live HTTP/1.0\r\n\r\n'],
    ['a whole URL', `GET http://models.example/health/live HTTP/1.1\r\n${HOST}\r\n`],
    ['a name with an underscore', `${GET}Host: eyrie_blue.internal\r\n\r\n`],
  ])('and not one with a Host of %s', async (_, data) => {
    const client = await send(data);
    await until(() => client.body !== undefined, 'there is an answer');
    expect(client.status).toBe(200);
    client.leave();
  });
});

describe('a client that asks before it sends its body', () => {
  const ask = (head: string): Promise<RawClient> => send(`${head}Expect: 100-continue\r\n\r\n`);

  it.each([
    ['too large a body', `${POST}Content-Length: 5000000\r\n`, 413],
    ['a model that is not there', `${POST.replace('predict', 'models/nobody/predict')}Content-Length: 9\r\n`, 404],
    ['a parameter that is not known', `${POST.replace('predict', 'predict?x=1')}Content-Length: 9\r\n`, 400],
    ['a media type that is not read', `${POST.replace('image/png', 'text/plain')}Content-Length: 9\r\n`, 415],
    ['a key that it has not', `POST /v1/registry/refresh HTTP/1.1\r\n${HOST}Content-Length: 9\r\n`, 403],
    ['a body that nobody reads', `GET /v1/models HTTP/1.1\r\n${HOST}Content-Length: 9\r\n`, 200],
  ])('is told at once of %s', async (_, head, status) => {
    const client = await ask(head);
    await until(() => client.closed, 'the connection is closed');
    expect(client.status).toBe(status);
  });

  it('is told to go on where its body will be read', async () => {
    const client = await ask(`${POST}Content-Length: ${image.length}\r\n`);
    await until(() => client.status === 100, 'it may go on');
    client.send(image);
    await until(() => client.received.includes('HTTP/1.1 200'), 'there is an answer');
    client.leave();
  });
});

describe('a client that reads no answer before it has sent everything', () => {
  // As Python's urllib does.
  it.each([
    ['and closes then', 'Connection: close\r\n'],
    ['and keeps its connection', ''],
  ])('gets it, %s', async (_, connection) => {
    const socket = connect(server.port, '127.0.0.1');
    let answer = '';
    const failures: Error[] = [];
    socket.on('error', (error) => failures.push(error));
    const bytes = 40_000_000;
    socket.write(`${POST}${connection}Content-Length: ${bytes}\r\n\r\n`);
    for (let left = bytes; left > 0; left -= 1_000_000) {
      if (!socket.write(Buffer.alloc(1_000_000))) await new Promise((resolve) => socket.once('drain', resolve));
    }
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    await until(() => answer.includes('IMAGE_TOO_LARGE'), 'there is an answer');
    expect(failures).toEqual([]);
    socket.destroy();
  });
});

describe('requests that are sent ahead on one connection', () => {
  it('are answered in their order', async () => {
    const client = await send(
      ['/health/live', '/v1/nothing', '/openapi.json', '/v1/models', '/health/live']
        .map((path) => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`)
        .join(''),
    );
    await until(() => client.received.match(/HTTP\/1\.1 /g)?.length === 5, 'all are answered');
    expect([...client.received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      '200',
      '404',
      '200',
      '200',
      '200',
    ]);
    client.leave();
  });

  it('are answered each with its own body', async () => {
    const post = `${POST}Content-Length: ${image.length}\r\n\r\n`;
    const client = await RawClient.connect(server.port);
    for (let i = 0; i < 10; i++) client.send(Buffer.concat([Buffer.from(post), image]));
    await until(() => client.received.match(/HTTP\/1\.1 200/g)?.length === 10, 'all are answered');
    client.leave();
  });

  it('are worked on one at a time', async () => {
    const { pids } = server.version(1).predictor!.workers;
    process.kill(pids[0]!, 'SIGSTOP');
    try {
      const post = Buffer.concat([Buffer.from(`${POST}Content-Length: ${image.length}\r\n\r\n`), image]);
      const client = await RawClient.connect(server.port);
      client.send(Buffer.concat([post, post, post]));
      client.send(`GET /v1/models HTTP/1.1\r\n${HOST}\r\n`);
      await until(async () => (await gauge('http_requests_in_progress')) > 0, 'the first is worked on');
      expect(await gauge('http_requests_in_progress')).toBe(1);
      client.leave();
    } finally {
      process.kill(pids[0]!, 'SIGCONT');
    }
    await until(async () => (await gauge('http_requests_in_progress')) === 0, 'it has been given up');
  });

  it('are too many at some point, and nobody else is kept waiting', async () => {
    const client = await send(`GET /openapi.yaml HTTP/1.1\r\n${HOST}\r\n`.repeat(4_000));
    await until(() => client.closed, 'it is cut off');
    expect(server.log.some(({ message }) => /sent ahead/.test(String(message)))).toBe(true);
    expect((await request(`${server.url}/health/live`)).status).toBe(200);
  });
});

it('a client that does not take its answer is cut off', async () => {
  const connections = server.app.get(Connections, { strict: false });
  await until(() => connections.underWay === 0, 'nothing is under way');
  const client = await RawClient.connect(server.port);
  client.socket.pause();
  // More than the kernel keeps for it.
  client.send(`GET /docs/swagger-ui-bundle.js HTTP/1.1\r\n${HOST}\r\n`.repeat(15));
  await until(() => connections.underWay > 0, 'it is answered');
  await until(() => connections.underWay === 0, 'it is cut off');
  client.leave();
});

async function gauge(name: string): Promise<number> {
  const { text } = await request(`${server.url}/metrics`);
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1));
}
