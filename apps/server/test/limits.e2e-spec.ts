import { postImage, postJson, RawClient, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

const BODY_TIMEOUT_MS = 600;
const RUNTIME = { workers: 1, threads: 1, maxBatch: 1, maxQueue: 4 };
/** A worker has two batches in hand, of one image each here. */
const IN_HAND = 2;

let registry: TemporaryFolder;
let server: TestServer;
let image: Buffer;

beforeAll(async () => {
  registry = temporaryRegistry({ manifest: { runtime: RUNTIME } });
  server = await startServer({
    MODEL_REGISTRY: registry.path,
    MAX_IMAGE_BYTES: '100000',
    MAX_REQUEST_BYTES: '150000',
    BODY_TIMEOUT_MS: String(BODY_TIMEOUT_MS),
    REQUEST_TIMEOUT_MS: '1500',
  });
  image = await randomPng();
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});
afterEach(async () => {
  expect((await postImage(url(), image)).status).toBe(200);
});

const url = (path = '/v1/predict') => server.url + path;
const predictor = () => server.version(1).predictor!;
const logOf = (id: string) => server.log.filter((line) => line.request_id === id && 'status' in line);

/** Holds the only worker still, so that what comes in has to wait. */
async function whileWorkerIsStill<T>(what: () => Promise<T>): Promise<T> {
  const [pid] = predictor().workers.pids;
  process.kill(pid!, 'SIGSTOP');
  try {
    return await what();
  } finally {
    process.kill(pid!, 'SIGCONT');
  }
}

describe('an upload over the limit is refused before it has been sent', () => {
  const MEGABYTES = 50;
  const head = (path: string, headers: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`;
  const part = (field: string) => `--XX\r\nContent-Disposition: form-data; name="${field}"; filename="a.png"\r\n\r\n`;
  const length = `Content-Length: ${MEGABYTES * 1_000_000}`;
  const chunk = `${(100_000).toString(16)}\r\n${'x'.repeat(100_000)}\r\n`;
  // What is no JSON is refused for that, however much of it comes; the chunks are digits of base64.
  const json = '{"image":"';
  const CASES: [what: string, start: string, piece: string, pieces: number][] = [
    ['an image of known length', head('/v1/predict', `Content-Type: image/png\r\n${length}`), 'x', 1],
    ['an image in chunks', head('/v1/predict', 'Content-Type: image/png\r\nTransfer-Encoding: chunked'), chunk, 3],
    ['JSON of known length', head('/v1/predict', `Content-Type: application/json\r\n${length}`), '{', 1],
    [
      'JSON in chunks',
      head('/v1/predict', 'Content-Type: application/json\r\nTransfer-Encoding: chunked') +
        `${json.length.toString(16)}\r\n${json}\r\n`,
      chunk,
      3,
    ],
    [
      'a form of known length',
      head('/v1/predict', `Content-Type: multipart/form-data; boundary=XX\r\n${length}`) + part('file'),
      'x',
      1,
    ],
    [
      'a form in chunks',
      head('/v1/predict', 'Content-Type: multipart/form-data; boundary=XX\r\nTransfer-Encoding: chunked') +
        `${part('file').length.toString(16)}\r\n${part('file')}\r\n`,
      chunk,
      3,
    ],
    [
      'a batch in chunks',
      head('/v1/predict/batch', 'Content-Type: multipart/form-data; boundary=XX\r\nTransfer-Encoding: chunked'),
      // Each file is small enough, all of them are not.
      `${(part('files').length + 90_002).toString(16)}\r\n${part('files')}${'x'.repeat(90_000)}\r\n\r\n`,
      3,
    ],
  ];
  it.each(CASES)('%s', async (_, start, piece, pieces) => {
    const client = await RawClient.connect(server.port);
    client.send(start);
    for (let i = 0; i < pieces; i++) client.send(piece);
    // Nothing more is sent, and far from all has been.
    await until(() => client.body !== undefined, 'there is an answer');
    expect([client.status, client.body.code]).toEqual([413, 'IMAGE_TOO_LARGE']);
    client.leave();
  });

  it('and a client that goes on sending nevertheless can read the answer, and is cut off', async () => {
    const client = await RawClient.connect(server.port);
    client.send(head('/v1/predict', 'Content-Type: image/png\r\nTransfer-Encoding: chunked'));
    const sending = setInterval(() => client.send(chunk), 10);
    await until(() => client.body !== undefined, 'there is an answer');
    expect(client.status).toBe(413);
    await until(() => client.closed, 'it is cut off');
    clearInterval(sending);
  });

  it('and one that sends it whole keeps its connection', async () => {
    const answer = await postImage(url(), new Uint8Array(2_000_000), { 'Content-Type': 'image/png' });
    expect([answer.status, answer.body.code]).toEqual([413, 'IMAGE_TOO_LARGE']);
    expect(answer.headers.get('connection')).not.toBe('close');
  });

  it('a second file is refused before the first bytes of it', async () => {
    const client = await RawClient.connect(server.port);
    client.send(head('/v1/predict', 'Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: 50000'));
    client.send(`${part('file')}xx\r\n${part('file')}x`);
    await until(() => client.body !== undefined, 'there is an answer');
    expect([client.status, client.body.code]).toEqual([400, 'INVALID_REQUEST']);
    client.leave();
  });
});

describe('a client that sends a byte now and then', () => {
  it.each([
    ['of an image', 'Content-Type: image/png', 'x'],
    ['of JSON', 'Content-Type: application/json', ' '],
    ['of a form', 'Content-Type: multipart/form-data; boundary=XX', '-'],
  ])('%s is told after BODY_TIMEOUT_MS, and cut off', async (_, type, byte) => {
    const client = await RawClient.connect(server.port);
    const started = performance.now();
    client.send(`POST /v1/predict HTTP/1.1\r\nHost: x\r\n${type}\r\nContent-Length: 50000\r\n\r\n`);
    const sending = setInterval(() => client.send(byte), 100);
    await until(() => client.body !== undefined, 'there is an answer');
    expect(performance.now() - started).toBeGreaterThan(BODY_TIMEOUT_MS - 50);
    expect([client.status, client.body.code]).toEqual([504, 'DEADLINE_EXCEEDED']);
    await until(() => client.closed, 'it is cut off');
    clearInterval(sending);
  });

  it('of the headers is cut off as well', async () => {
    const client = await RawClient.connect(server.port);
    client.send('GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const sending = setInterval(() => client.send('a'), 100);
    await until(() => client.closed, 'it is cut off');
    clearInterval(sending);
    expect(client.status).toBe(408);
  });

  it('does not keep others waiting', async () => {
    const slow = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(server.port)));
    for (const client of slow) {
      client.send('POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 9\r\n\r\nx');
    }
    expect((await postImage(url(), image)).status).toBe(200);
    for (const client of slow) client.leave();
  });
});

describe('a client that leaves', () => {
  it('while it waits is taken out of the queue and never run', async () => {
    const before = await imagesRun();
    await whileWorkerIsStill(async () => {
      const inHand = Array.from({ length: IN_HAND }, () => postImage(url(), image));
      await until(() => predictor().workers.ready === 1 && server.log.length > 0, 'they are in hand');
      const leaving = new AbortController();
      const headers = { 'Content-Type': 'image/png', 'X-Request-Id': 'leaving' };
      const left = [1, 2, 3].map(() =>
        fetch(url(), { method: 'POST', body: image as RequestInit['body'], headers, signal: leaving.signal }).catch(
          () => 'left',
        ),
      );
      await until(() => predictor().queueDepth === 3, 'three wait');
      leaving.abort();
      await until(() => predictor().queueDepth === 0, 'none waits');
      expect(await Promise.all(left)).toEqual(['left', 'left', 'left']);
      void Promise.all(inHand);
    });
    await until(async () => (await imagesRun()) >= before + IN_HAND, 'the others are answered');
    expect((await postImage(url(), image)).status).toBe(200);
    expect(await imagesRun()).toBe(before + IN_HAND + 1);
    await until(() => logOf('leaving').length === 3, 'the log has them');
    expect(logOf('leaving').map(({ status, message }) => [status, message])).toEqual(
      Array(3).fill([499, 'POST /v1/predict client left']),
    );
  });

  it('in the middle of its upload is forgotten', async () => {
    const client = await RawClient.connect(server.port);
    client.send(
      'POST /v1/predict HTTP/1.1\r\nHost: x\r\nX-Request-Id: half\r\nContent-Type: image/png\r\nContent-Length: 99\r\n\r\nx',
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.leave();
    await until(() => logOf('half').length === 1, 'the log has it');
    expect(logOf('half')[0]!.status).toBe(499);
    // Nobody has sent anything that is not HTTP.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.log.filter(({ message }) => message === 'refused before it was a request: 400')).toEqual([]);
  });
});

describe('more than can be done', () => {
  it('is refused at once with OVERLOADED and the time to wait', async () => {
    await whileWorkerIsStill(async () => {
      const waiting = Array.from({ length: IN_HAND + RUNTIME.maxQueue }, () => postImage(url(), image));
      await until(() => predictor().queueDepth === RUNTIME.maxQueue, 'the queue is full');
      const started = performance.now();
      const { status, headers, body } = await postImage(url(), image);
      expect(performance.now() - started).toBeLessThan(500);
      expect([status, body.code]).toEqual([503, 'OVERLOADED']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      const batch = await postJson(url('/v1/predict/batch'), { items: [{ image: image.toString('base64') }] });
      expect([batch.status, batch.body.code]).toEqual([503, 'OVERLOADED']);
      void Promise.all(waiting);
    });
    await until(() => predictor().queueDepth === 0, 'the queue is empty');
  });

  it.each([
    ['an image', '/v1/predict', 'image/png'],
    ['a form', '/v1/predict', 'multipart/form-data; boundary=XX'],
    ['a batch', '/v1/predict/batch', 'application/json'],
  ])('is refused before it has been sent: %s', async (_, path, type) => {
    await whileWorkerIsStill(async () => {
      const waiting = Array.from({ length: IN_HAND + RUNTIME.maxQueue }, () => postImage(url(), image));
      await until(() => predictor().queueDepth === RUNTIME.maxQueue, 'the queue is full');
      const client = await RawClient.connect(server.port);
      client.send(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 90000\r\n\r\n`);
      await until(() => client.body !== undefined, 'there is an answer');
      expect([client.status, client.body.code]).toEqual([503, 'OVERLOADED']);
      expect(client.received).toMatch(/^retry-after: \d+\r$/im);
      client.leave();
      void Promise.all(waiting);
    });
    await until(() => predictor().queueDepth === 0, 'the queue is empty');
  });

  it('in time ends with DEADLINE_EXCEEDED, and what has expired is never run', async () => {
    const before = await imagesRun();
    await whileWorkerIsStill(async () => {
      const answers = await Promise.all(Array.from({ length: IN_HAND + 2 }, () => postImage(url(), image)));
      expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
        Array(IN_HAND + 2).fill([504, 'DEADLINE_EXCEEDED']),
      );
      expect(predictor().queueDepth).toBe(0);
    });
    expect((await postImage(url(), image)).status).toBe(200);
    expect(await imagesRun()).toBe(before + IN_HAND + 1);
  });

  it('500 at once: each is answered, with a prediction or with OVERLOADED', async () => {
    const patience = { REQUEST_TIMEOUT_MS: '60000', BODY_TIMEOUT_MS: '60000' };
    const roomy = await startServer({ MODEL_REGISTRY: registry.path, ...patience });
    const answers = await Promise.all(Array.from({ length: 500 }, () => postImage(`${roomy.url}/v1/predict`, image)));
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    for (const { status, body, headers } of answers) {
      if (status === 200) continue;
      expect([status, body.code]).toEqual([503, 'OVERLOADED']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect((await postImage(`${roomy.url}/v1/predict`, image)).status).toBe(200);
    await roomy.stop();
  });
});

describe('RATE_LIMIT_PER_MINUTE', () => {
  it('refuses predictions beyond it with 429 and Retry-After, and nothing else', async () => {
    const limited = await startServer({ MODEL_REGISTRY: registry.path, RATE_LIMIT_PER_MINUTE: '3' });
    try {
      const answers: Awaited<ReturnType<typeof postImage>>[] = [];
      for (let i = 0; i < 4; i++) answers.push(await postImage(`${limited.url}/v1/predict`, image));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
      expect(answers.map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual(['2', '1', '0', '0']);
      const last = answers[3]!.headers;
      const reset = last.get('retry-after');
      expect([last.get('ratelimit-limit'), last.get('ratelimit-reset')]).toEqual(['3', reset]);
      expect([last.get('ratelimit-policy'), last.get('ratelimit')]).toEqual([
        '"requests";q=3;w=60',
        `"requests";r=0;t=${reset}`,
      ]);
      const refused = await postImage(`${limited.url}/v1/models/${MODEL}/predict`, image);
      expect([refused.status, refused.body.code]).toEqual([429, 'RATE_LIMITED']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect((await request(`${limited.url}/health`)).status).toBe(200);
    } finally {
      await limited.stop();
    }
  });
});

it('RATE_LIMIT_PER_MINUTE counts by the address that the proxies in front have seen, whatever a client claims', async () => {
  const env = { RATE_LIMIT_PER_MINUTE: '2', TRUST_PROXY_HOPS: '1' };
  const limited = await startServer({ MODEL_REGISTRY: registry.path, ...env });
  try {
    const from = async (forwarded: string) =>
      (await postImage(`${limited.url}/v1/predict`, image, { 'X-Forwarded-For': forwarded })).status;
    expect([await from('10.0.0.1'), await from('8.8.8.8, 10.0.0.1'), await from('9.9.9.9, 10.0.0.1')]).toEqual([
      200, 200, 429,
    ]);
    // The port of each connection, as some proxies add it, makes no new client.
    const ports = ['10.0.0.2:1001', '10.0.0.2:1002', '"10.0.0.2:1003"'];
    expect([await from(ports[0]!), await from(ports[1]!), await from(ports[2]!)]).toEqual([200, 200, 429]);
  } finally {
    await limited.stop();
  }
});

/** Images that were handed to the worker so far. */
async function imagesRun(): Promise<number> {
  const { text } = await request(url('/metrics'));
  return Number(/^inference_batch_size_sum\{.*\} (\d+)/m.exec(text)?.[1] ?? 0);
}
