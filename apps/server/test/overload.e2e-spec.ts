import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { postForm, postImage, RawClient, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';
import { Overload } from '../src/overload/overload';
import type { Pressures } from '../src/overload/pressures';

/** Fourteen bodies of the largest size fit. */
const BUDGET = 1_300_000;
const BODY = 90_000;
const FIT = 14;
const CONCURRENT = 20;
const CONNECTIONS = 60;
const ADMIN = { 'X-API-Key': 'the-admin' };

let registry: TemporaryFolder;
let server: TestServer;
let image: Buffer;
let clients: RawClient[] = [];

beforeAll(async () => {
  registry = temporaryRegistry({ manifest: { runtime: { workers: 1, threads: 1, maxBatch: 1 } } });
  image = await randomPng();
  server = await startServer({
    MODEL_REGISTRY: registry.path,
    MAX_IMAGE_BYTES: '100000',
    MAX_REQUEST_BYTES: '150000',
    BODY_BUDGET_BYTES: String(BUDGET),
    MAX_CONCURRENT_REQUESTS: String(CONCURRENT),
    MAX_CONNECTIONS: String(CONNECTIONS),
    ADMIN_API_KEYS: createHash('sha256').update(ADMIN['X-API-Key']).digest('hex'),
  });
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});
afterEach(async () => {
  for (const client of clients) client.leave();
  clients = [];
  await until(async () => (await metric('http_requests_in_progress')) === 0, 'nothing is under way');
  await until(async () => (await metric('http_connections')) < 10, 'their connections are closed');
  // However they ended, all requests have given back what they held.
  expect(await metric('request_body_bytes')).toBe(0);
  expect((await post()).status).toBe(200);
});

const POST = 'POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n';
const FORM = POST.replace('image/png', 'multipart/form-data; boundary=XX');
const PART = '--XX\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n';

const post = () => again(() => postImage(`${server.url}/v1/predict`, image));
const live = async () => (await again(() => request(`${server.url}/health/live`))).status;
const refresh = async () =>
  (await request(`${server.url}/v1/registry/refresh`, { method: 'POST', headers: ADMIN })).status;
const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;

/** Once more where fetch has taken a connection that was just being closed. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch {
    return ask();
  }
}

async function metric(name: string): Promise<number> {
  const { text } = await again(() => request(`${server.url}/metrics`));
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1));
}

async function open(data: string | Buffer = ''): Promise<RawClient> {
  const client = await RawClient.connect(server.port);
  clients.push(client);
  client.send(data);
  return client;
}

/** Uploads that hold so many bytes and do not end. */
async function hold(count: number, each = BODY): Promise<void> {
  for (let i = 0; i < count; i++) await open(`${POST}Content-Length: ${each}\r\n\r\n${'x'.repeat(each - 1_000)}`);
  await until(async () => (await metric('request_body_bytes')) === count * each, 'all are counted');
}

async function whileWorkerIsStill(what: () => Promise<void>): Promise<void> {
  const [pid] = server.version(1).predictor!.workers.pids;
  process.kill(pid!, 'SIGSTOP');
  try {
    await what();
  } finally {
    process.kill(pid!, 'SIGCONT');
  }
}

describe('the bytes of all bodies', () => {
  it('are limited: what does not fit is refused before it is sent, and others are answered', async () => {
    await hold(FIT);
    const client = await open(`${POST}Content-Length: ${BODY}\r\n\r\n`);
    await until(() => client.body !== undefined, 'there is an answer');
    expect([client.status, client.body.code]).toEqual([503, 'OVERLOADED']);
    expect(client.body.detail).toMatch(/\(BODY_BUDGET_BYTES=\d+\)$/);
    expect(client.received).toMatch(/^Retry-After: 1\r$/m);
    expect(await metric('requests_shed_total{reason="bodies"}')).toBeGreaterThan(0);
    // What still fits is taken on.
    expect((await post()).status).toBe(200);
  });

  it.each([
    ['an image', POST, ''],
    ['a form', FORM, chunk(PART.length).replace('x'.repeat(PART.length), PART)],
    ['JSON', POST.replace('image/png', 'application/json'), chunk(11).replace('x'.repeat(11), '{"image": "')],
  ])('are counted as they come where nobody has said how many: %s', async (_, head, start) => {
    await hold(FIT - 1);
    const one = await open(`${head}Transfer-Encoding: chunked\r\n\r\n${start}${chunk(60_000)}`);
    await until(async () => (await metric('request_body_bytes')) > (FIT - 1) * BODY + 60_000 - 1, 'it is counted');
    const other = await open(`${head}Transfer-Encoding: chunked\r\n\r\n${start}${chunk(60_000)}`);
    await until(async () => (await metric('request_body_bytes')) > (FIT - 1) * BODY + 120_000 - 1, 'it is counted');
    other.send(chunk(15_000));
    await until(() => other.body !== undefined, 'it is refused');
    expect([other.status, other.body.code]).toEqual([503, 'OVERLOADED']);
    expect(one.status).toBe(0);
  });

  it('are held until the request is answered', async () => {
    await whileWorkerIsStill(async () => {
      const answer = post();
      await until(async () => (await metric('request_body_bytes')) === image.length, 'it is held');
      await sleep(100);
      expect(await metric('request_body_bytes')).toBe(image.length);
      void answer.catch(() => undefined);
    });
  });

  it('are given back by whoever is refused, leaves, or sends rubbish', async () => {
    const leaving = await open(`${POST}Content-Length: ${BODY}\r\n\r\nx`);
    await until(async () => (await metric('request_body_bytes')) === BODY, 'it is held');
    leaving.leave();
    await postForm(`${server.url}/v1/predict`, [['wrong', image]]);
    await postImage(`${server.url}/v1/predict`, new Uint8Array(BODY));
    await postImage(`${server.url}/v1/predict`, new Uint8Array(500_000));
    const broken = await open(`${POST}Transfer-Encoding: chunked\r\n\r\n${chunk(10)}nonsense\r\n`);
    await until(() => broken.closed, 'it is cut off');
  });

  it('do not stay with those that only announce them', async () => {
    for (let i = 0; i < FIT; i++) await open(`${POST}Content-Length: ${BODY}\r\n\r\n`);
    await until(async () => (await metric('request_body_bytes')) === FIT * BODY, 'all is taken');
    const large = () => postImage(`${server.url}/v1/predict`, new Uint8Array(BODY));
    // It is no image; that it has been read is what counts.
    await until(async () => (await large()).status === 400, 'there is room for one that sends its body');
    await until(() => clients.some(({ status }) => status === 503), 'a silent one has been told');
    expect(await metric('requests_shed_total{reason="slow_body"}')).toBeGreaterThan(0);
  });
});

it('more requests than there may be at the same time are refused; probes and operators are not', async () => {
  await whileWorkerIsStill(async () => {
    for (let i = 0; i < CONCURRENT; i++)
      await open(Buffer.concat([Buffer.from(`${POST}Content-Length: ${image.length}\r\n\r\n`), image]));
    await until(async () => (await metric('http_requests_in_progress')) === CONCURRENT, 'all are under way');
    const answers = [await post(), await request(`${server.url}/v1/models`)];
    for (const { status, body, headers } of answers) {
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'OVERLOADED', '1']);
      expect(body.detail).toContain('MAX_CONCURRENT_REQUESTS');
    }
    expect([await live(), await refresh()]).toEqual([200, 200]);
    expect((await request(`${server.url}/health/ready`)).status).toBe(200);
  });
});

describe('connections', () => {
  // Nine of ten places in use are a reason to close all that are idle at the next look, whenever that is: what happens without it.
  beforeAll(() => jest.spyOn(server.app.get(Overload, { strict: false }), 'look').mockResolvedValue());
  afterAll(() => jest.restoreAllMocks());

  const readNothing = async () => {
    const client = await open();
    client.socket.pause();
    client.send('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(15));
  };

  it('make room when they are idle, the longest first', async () => {
    for (let i = 0; i < CONNECTIONS; i++) await open();
    await sleep(1_200);
    const late = await open('GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => late.status !== 0, 'there is an answer');
    expect(late.status).toBe(200);
    expect(clients[0]!.closed).toBe(true);
    expect(clients.at(-2)!.closed).toBe(false);
    expect(await metric('http_connections_closed_total{reason="idle"}')).toBeGreaterThan(0);
  });

  it('are refused in words when all are busy, but for probes and operators', async () => {
    for (let i = 0; i < CONNECTIONS; i++) await readNothing();
    await until(async () => (await metric('http_connections')) >= CONNECTIONS, 'all are open');
    // Those of this test that were kept alive have been closed to make room, or are not any more.
    await until(
      async () => (await open('GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n').then(answerOf)).status === 503,
      'it is refused',
    );
    const refused = await open('GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n').then(answerOf);
    expect(refused.body).toMatchObject({ code: 'OVERLOADED', detail: expect.stringContaining('MAX_CONNECTIONS') });
    expect(refused.received).toMatch(/^Connection: close\r$/m);
    expect((await open('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n').then(answerOf)).status).toBe(200);
    const admin = 'POST /v1/registry/refresh HTTP/1.1\r\nHost: x\r\nX-API-Key: the-admin\r\n\r\n';
    expect((await open(admin).then(answerOf)).status).toBe(200);
  });

  it('beyond the limit are only so many, and a probe gets through', async () => {
    for (let i = 0; i < CONNECTIONS; i++) await readNothing();
    for (let i = 0; i < 150; i++) await open();
    expect((await open('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n').then(answerOf)).status).toBe(200);
    await until(() => clients.filter(({ closed }) => closed).length > 50, 'the others are cut off');
  });
});

describe('when something is short', () => {
  const CALM: Pressures = { event_loop: 0, heap: 0, memory: 0, bodies: 0, connections: 0, file_descriptors: 0 };
  let measure: jest.SpyInstance;

  const press = async (pressures: Partial<Pressures>) => {
    const overload = server.app.get(Overload, { strict: false });
    measure ??= jest.spyOn(overload as unknown as { measure: () => Promise<Pressures> }, 'measure');
    measure.mockResolvedValue({ ...CALM, ...pressures });
    await overload.look();
  };
  afterEach(() => press({}));

  const batch = () => postForm(`${server.url}/v1/predict/batch`, [['files', image]]);

  it('what is costly is refused first', async () => {
    await press({ memory: 0.92 });
    const { status, body, headers } = await batch();
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'OVERLOADED', '2']);
    expect(body.detail).toContain('short of memory');
    expect((await post()).status).toBe(200);
    expect(await metric('overload_action{action="refuse_costly"}')).toBe(1);
    await press({});
    expect((await batch()).status).toBe(200);
    expect(await metric('overload_action{action="refuse_costly"}')).toBe(0);
  });

  it('predictions next, and never what probes and operators ask for', async () => {
    await press({ event_loop: 1.5 });
    expect([(await post()).status, (await batch()).status]).toEqual([503, 503]);
    expect([await live(), await refresh()]).toEqual([200, 200]);
    expect((await request(`${server.url}/v1/models`)).status).toBe(200);
    expect(server.log.some(({ action }) => action === 'refuse_predictions')).toBe(true);
    await press({});
  });

  it('connections that nobody uses are closed, and none is kept', async () => {
    const idle = await open();
    await sleep(1_200);
    await press({ file_descriptors: 0.85 });
    await until(() => idle.closed, 'it is closed');
    expect((await request(`${server.url}/v1/models`)).headers.get('connection')).toBe('close');
    await press({});
    expect((await request(`${server.url}/v1/models`)).headers.get('connection')).toBe('keep-alive');
  });
});

async function answerOf(client: RawClient): Promise<RawClient> {
  await until(() => client.body !== undefined || client.closed, 'there is an answer');
  return client;
}
