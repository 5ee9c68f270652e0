import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { postImage, request, type Answer } from '#testing/http';
import { randomPng } from '#testing/images';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';
import type { RequestTrace, Tracing } from '../src/tracing/tracing';

const RUNTIME = { workers: 1, threads: 1, maxBatch: 1, maxQueue: 1 };
/** Two batches of one image are with the worker, one waits. */
const FULL = 3;
const ORIGIN = 'https://shop.example';

let registry: TemporaryFolder;
let server: TestServer;
let image: Buffer;
/** The URLs that Express was asked for. */
let seenByExpress: string[];

beforeAll(async () => {
  registry = temporaryRegistry({ manifest: { runtime: RUNTIME } });
  image = await randomPng();
});
afterAll(() => registry.remove());
afterEach(() => server.stop());

const post = (path: string, headers: Record<string, string> = {}) => postImage(server.url + path, image, headers);
const lineOf = (id: string) => server.log.find((line) => line.request_id === id && 'status' in line);

/** A server whose queue is full, until `what` is over. */
async function whileFull(
  env: Record<string, string>,
  headers: Record<string, string>,
  what: () => Promise<unknown>,
  tracing?: Tracing,
): Promise<void> {
  server = await startServer({ MODEL_REGISTRY: registry.path, ...env }, tracing && { tracing });
  const express = server.app.getHttpAdapter().getInstance() as unknown as { handle: (req: IncomingMessage) => void };
  const handle = jest.spyOn(express, 'handle');
  const predictor = server.version(1).predictor!;
  const [pid] = predictor.workers.pids;
  process.kill(pid!, 'SIGSTOP');
  const waiting = Array.from({ length: FULL }, () => post('/v1/predict', headers));
  try {
    await until(() => predictor.queueDepth === RUNTIME.maxQueue, 'the queue is full');
    seenByExpress = [];
    handle.mock.calls.length = 0;
    await what();
    seenByExpress = handle.mock.calls.map(([req]) => req.url!);
  } finally {
    process.kill(pid!, 'SIGCONT');
    await Promise.all(waiting);
  }
}

/** What an answer says of what is left of the rate limit, and for how long: other numbers in each. */
const QUOTA = ['ratelimit', 'ratelimit-remaining', 'ratelimit-reset'];

/** All but what is each answer's own. */
function comparable({ status, headers, body }: Answer) {
  const { date, 'x-request-id': id, ...rest } = Object.fromEntries(headers);
  expect([typeof date, id]).toEqual(['string', body.request_id]);
  for (const name of QUOTA.filter((each) => each in rest))
    rest[name] = rest[name]!.replaceAll(/\b[rt]=\d+|^\d+$/g, 'n');
  return { status, headers: rest, body: { ...body, request_id: undefined } };
}

async function requestsTo(route: string): Promise<number> {
  const { text } = await request(`${server.url}/metrics`);
  const line = text.split('\n').find((each) => each.startsWith('http_requests_total{') && each.includes(`"${route}"`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

const PATHS: [path: string, route: string][] = [
  ['/v1/predict', '/v1/predict'],
  ['/predict', '/predict'],
  ['/v1/predict?top_k=2&model=pixels&version=1', '/v1/predict'],
  ['/v1/Predict/', '/v1/predict'],
  ['/v1/predict/batch', '/v1/predict/batch'],
  [`/v1/models/${MODEL}/predict`, '/v1/models/{model}/predict'],
  [`/v1/models/${MODEL}/versions/%31/predict?top_k=1`, '/v1/models/{model}/versions/{version}/predict'],
];

/** Asks on all paths, and holds that the client, the log and the metrics are told the same on each of them. */
async function expectRefusals(headers: Record<string, string>, extra: { headers?: object; line?: object }) {
  const refused: ReturnType<typeof comparable>[] = [];
  for (const [i, [path, route]] of PATHS.entries()) {
    const id = `refused-${i}`;
    const before = await requestsTo(route);
    refused.push(comparable(await post(path, { 'X-Request-Id': id, ...headers })));
    await until(() => lineOf(id) !== undefined, 'it is logged');
    expect(lineOf(id)).toEqual({
      timestamp: expect.any(String),
      level: 'error',
      name: 'test',
      message: `POST ${path.split('?')[0]} 503`,
      request_id: id,
      method: 'POST',
      path: path.split('?')[0],
      status: 503,
      model: MODEL,
      version: 1,
      code: 'OVERLOADED',
      detail: '1 requests wait for this model already; try again later (runtime.maxQueue=1)',
      duration_ms: expect.any(Number),
      ...extra.line,
    });
    expect(await requestsTo(route)).toBe(before + 1);
  }
  for (const each of refused) expect(each).toEqual(refused[0]);
  const { headers: got, ...rest } = refused[0]!;
  expect(rest).toMatchObject({ status: 503, body: { code: 'OVERLOADED', title: 'The server is overloaded' } });
  expect(got).toEqual({
    connection: 'keep-alive',
    'content-length': expect.any(String),
    'content-type': 'application/problem+json; charset=utf-8',
    'keep-alive': expect.any(String),
    'retry-after': '1',
    'x-model-version': '1',
    ...SECURITY_HEADERS,
    ...extra.headers,
  });
}

/** Helmet's, whose values are its business. */
const SECURITY_HEADERS = Object.fromEntries(
  [
    ...[
      'content-security-policy',
      'cross-origin-opener-policy',
      'cross-origin-resource-policy',
      'origin-agent-cluster',
    ],
    ...['referrer-policy', 'x-content-type-options', 'x-dns-prefetch-control', 'x-download-options', 'x-frame-options'],
    ...['x-permitted-cross-domain-policies', 'x-xss-protection'],
  ].map((name) => [name, expect.any(String) as string]),
);

const isScrape = (url: string): boolean => url === '/metrics';

describe('a prediction that there is no room for is refused before Express sees it, on every route', () => {
  afterEach(() => expect(seenByExpress.filter((url) => !isScrape(url))).toEqual([]));

  it('whether it has a query or not', async () => {
    await whileFull({}, {}, () => expectRefusals({}, {}));
  });

  it('where there is a rate limit', async () => {
    const quota = {
      ...Object.fromEntries(QUOTA.map((name) => [name, expect.any(String) as string])),
      'ratelimit-limit': '1000',
      'ratelimit-policy': '"requests";q=1000;w=60',
    };
    await whileFull({ RATE_LIMIT_PER_MINUTE: '1000' }, {}, () => expectRefusals({}, { headers: quota }));
  });

  it('where it is of another origin, which may read the refusal', async () => {
    const cors = {
      'access-control-allow-origin': ORIGIN,
      'access-control-expose-headers':
        'X-Request-Id,X-Model-Version,X-Model-Variant,Server-Timing,Retry-After,' +
        'RateLimit,RateLimit-Policy,RateLimit-Limit,RateLimit-Remaining,RateLimit-Reset',
      vary: 'Origin',
    };
    await whileFull({ CORS_ORIGINS: ORIGIN }, {}, () => expectRefusals({ Origin: ORIGIN }, { headers: cors }));
  });

  it('where there are traces, which are told of it', async () => {
    const ended: unknown[] = [];
    const ids = { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' };
    const trace = {
      ids,
      prediction: () => ({ onStage: () => undefined, end: () => undefined }),
      end: ({ status }, route, code) => void ended.push([status, route, code]),
    } as Partial<RequestTrace> as RequestTrace;
    const tracing: Tracing = { open: () => trace, stop: () => Promise.resolve() };
    await whileFull({}, {}, () => expectRefusals({}, { line: ids }), tracing);
    const refused = ended.filter((each) => (each as unknown[])[0] === 503);
    expect(refused).toEqual(PATHS.map(([, route]) => [503, route, 'OVERLOADED']));
  });
});

it('says first what else is wrong with the request', async () => {
  await whileFull({}, {}, async () => {
    expect((await post('/v1/models/nobody/predict')).body.code).toBe('MODEL_NOT_FOUND');
    expect((await post(`/v1/models/${MODEL}/versions/9/predict`)).body.code).toBe('VERSION_NOT_FOUND');
    for (const query of ['top_k=0', 'top_k=1&top_k=2', 'version=', 'model=%00', 'nonsense=1']) {
      expect([query, (await post(`/v1/predict?${query}`)).body.code]).toEqual([query, 'INVALID_REQUEST']);
    }
    expect((await post('/v1/models/%ff/predict')).body.code).toBe('INVALID_REQUEST');
    expect((await post('/v1/predicts')).body.code).toBe('ROUTE_NOT_FOUND');
    expect((await request(`${server.url}/v1/predict`)).body.code).toBe('METHOD_NOT_ALLOWED');
  });
});

it('asks for the key first, and says in the log whose it was', async () => {
  const digest = createHash('sha256').update('the-key').digest('hex');
  const env = { PREDICT_AUTH: 'required', PREDICT_API_KEYS: `shop:${digest}` };
  const key = { 'X-API-Key': 'the-key' };
  await whileFull(env, key, async () => {
    const ask = (headers: Record<string, string>) => post('/v1/predict', headers);
    const unknown = [await ask({}), await ask({ 'X-API-Key': 'another' })];
    expect(unknown.map(({ body, headers }) => [body.code, headers.get('www-authenticate')])).toEqual([
      ['UNAUTHENTICATED', 'Bearer'],
      ['UNAUTHENTICATED', 'Bearer error="invalid_token"'],
    ]);
    expect((await ask({ ...key, 'X-Request-Id': 'refused' })).body.code).toBe('OVERLOADED');
    expect((await ask({ Authorization: 'Bearer the-key' })).body.code).toBe('OVERLOADED');
    await until(() => lineOf('refused') !== undefined, 'it is logged');
    expect(lineOf('refused')).toMatchObject({ key_id: 'shop', status: 503, code: 'OVERLOADED', level: 'error' });
  });
  expect(seenByExpress).toEqual([]);
});

it('counts towards the limit of requests a minute', async () => {
  await whileFull({ RATE_LIMIT_PER_MINUTE: String(FULL + 2) }, {}, async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await post('/v1/predict')).status);
    expect(statuses).toEqual([503, 503, 429, 429]);
  });
});
