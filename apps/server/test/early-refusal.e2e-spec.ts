import { createHash } from 'node:crypto';
import { postImage, request, type Answer } from '#testing/http';
import { randomPng } from '#testing/images';
import { MODEL, startServer, temporaryRegistry, until, type TemporaryFolder, type TestServer } from '#testing/server';
import { EarlyRefusal } from '../src/serving/early-refusal';

const RUNTIME = { workers: 1, threads: 1, maxBatch: 1, maxQueue: 1 };
/** Two batches of one image are with the worker, one waits. */
const FULL = 3;

let registry: TemporaryFolder;
let server: TestServer;
let image: Buffer;
let early: jest.SpyInstance<boolean>;

beforeAll(async () => {
  registry = temporaryRegistry({ manifest: { runtime: RUNTIME } });
  image = await randomPng();
  early = jest.spyOn(EarlyRefusal.prototype as unknown as { refuses: () => boolean }, 'refuses');
});
afterAll(() => registry.remove());
afterEach(() => server.stop());

/** Whether the requests so far were refused before Express saw them. */
const wereEarly = (): unknown[] => early.mock.results.map(({ value }) => value as unknown);
const lineOf = (id: string) => server.log.find((line) => line.request_id === id && 'status' in line);

/** A server whose queue is full, until `what` is over. */
async function whileFull(
  env: Record<string, string>,
  headers: Record<string, string>,
  what: () => Promise<unknown>,
): Promise<void> {
  server = await startServer({ MODEL_REGISTRY: registry.path, ...env });
  const predictor = server.version(1).predictor!;
  const [pid] = predictor.workers.pids;
  process.kill(pid!, 'SIGSTOP');
  const waiting = Array.from({ length: FULL }, () => postImage(`${server.url}/v1/predict`, image, headers));
  try {
    await until(() => predictor.queueDepth === RUNTIME.maxQueue, 'the queue is full');
    early.mockClear();
    await what();
  } finally {
    process.kill(pid!, 'SIGCONT');
    await Promise.all(waiting);
  }
}

/** All but what is each answer's own. */
function comparable({ status, headers, body }: Answer) {
  const { date, 'x-request-id': id, ...rest } = Object.fromEntries(headers);
  expect([typeof date, id]).toEqual(['string', body.request_id]);
  return { status, headers: rest, body: { ...body, request_id: undefined } };
}

async function refusals(route: string): Promise<number> {
  const { text } = await request(`${server.url}/metrics`);
  const line = text.split('\n').find((each) => each.startsWith('http_requests_total{') && each.includes(`"${route}"`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

it.each([
  ['/v1/predict', '/v1/predict'],
  ['/predict', '/predict'],
  ['/v1/predict/batch', '/v1/predict/batch'],
  [`/v1/models/${MODEL}/predict`, '/v1/models/{model}/predict'],
  [`/v1/models/${MODEL}/versions/1/predict`, '/v1/models/{model}/versions/{version}/predict'],
])('%s is refused as the long way would', async (path, route) => {
  await whileFull({}, {}, async () => {
    const before = await refusals(route);
    const short = await postImage(server.url + path, image, { 'X-Request-Id': '1-short' });
    const long = await postImage(`${server.url + path}?top_k=1`, image, { 'X-Request-Id': '2--long' });
    expect(wereEarly().slice(-2)).toEqual([true, false]);
    expect([short.status, short.body.code]).toEqual([503, 'OVERLOADED']);
    expect(comparable(short)).toEqual(comparable(long));
    await until(() => Boolean(lineOf('1-short') && lineOf('2--long')), 'both are logged');
    const own = { request_id: expect.any(String), timestamp: expect.any(String), duration_ms: expect.any(Number) };
    expect(lineOf('1-short')).toEqual({ ...lineOf('2--long'), ...own });
    expect(await refusals(route)).toBe(before + 2);
  });
});

it('goes the long way with what has to be looked at: another model, another path, another method, an origin', async () => {
  await whileFull({ CORS_ORIGINS: 'https://shop.example' }, {}, async () => {
    const post = (path: string, headers = {}) => postImage(server.url + path, image, headers);
    expect((await post('/v1/models/nobody/predict')).body.code).toBe('MODEL_NOT_FOUND');
    expect((await post(`/v1/models/${MODEL}/versions/9/predict`)).body.code).toBe('VERSION_NOT_FOUND');
    expect((await post('/v1/predict?top_k=0')).body.code).toBe('INVALID_REQUEST');
    expect((await post('/v1/predicts')).body.code).toBe('ROUTE_NOT_FOUND');
    expect((await request(`${server.url}/v1/predict`)).body.code).toBe('METHOD_NOT_ALLOWED');
    const other = await post('/v1/predict', { Origin: 'https://shop.example' });
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([503, 'https://shop.example']);
    expect(new Set(wereEarly())).toEqual(new Set([false]));
  });
});

it('asks for the key first, and says in the log whose it was', async () => {
  const digest = createHash('sha256').update('the-key').digest('hex');
  const env = { PREDICT_AUTH: 'required', PREDICT_API_KEYS: `shop:${digest}` };
  const key = { 'X-API-Key': 'the-key' };
  await whileFull(env, key, async () => {
    const ask = (headers: Record<string, string>) => postImage(`${server.url}/v1/predict`, image, headers);
    expect((await ask({})).body.code).toBe('UNAUTHENTICATED');
    expect((await ask({ 'X-API-Key': 'another' })).body.code).toBe('UNAUTHENTICATED');
    expect((await ask({ ...key, 'X-Request-Id': 'refused' })).body.code).toBe('OVERLOADED');
    expect((await ask({ Authorization: 'Bearer the-key' })).body.code).toBe('OVERLOADED');
    expect(wereEarly()).toEqual([false, false, true, true]);
    await until(() => lineOf('refused') !== undefined, 'it is logged');
    expect(lineOf('refused')).toMatchObject({ key_id: 'shop', status: 503, code: 'OVERLOADED', level: 'error' });
  });
});

it('counts towards the limit of requests a minute', async () => {
  await whileFull({ RATE_LIMIT_PER_MINUTE: String(FULL + 2) }, {}, async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await postImage(`${server.url}/v1/predict`, image)).status);
    expect(statuses).toEqual([503, 503, 429, 429]);
  });
});
