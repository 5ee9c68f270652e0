import { request } from '#testing/http';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';

let registry: TemporaryFolder;
let server: TestServer;

beforeAll(async () => {
  registry = temporaryRegistry({});
  server = await startServer({ MODEL_REGISTRY: registry.path, CORS_ORIGINS: 'https://shop.example' });
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

describe('a path', () => {
  it.each(['/nope', '/v1', '/v1/predictions', '/v1/models/a/b', '/docs/nope.js', '/%zz', '/v1/models//policy'])(
    '%s that does not exist → 404 problem',
    async (path) => {
      const { status, headers, body } = await request(server.url + path);
      expect([status, body.code]).toEqual([404, 'ROUTE_NOT_FOUND']);
      expect(headers.get('content-type')).toMatch('application/problem+json');
    },
  );

  it.each([
    ['GET', '/v1/predict', 'POST, OPTIONS'],
    ['PUT', '/predict/batch', 'POST, OPTIONS'],
    ['DELETE', '/v1/models', 'GET, HEAD, OPTIONS'],
    ['POST', `/v1/models/${MODEL}/versions/1`, 'GET, DELETE, HEAD, OPTIONS'],
    ['PATCH', '/health/ready', 'GET, HEAD, OPTIONS'],
    ['POST', '/metrics', 'GET, HEAD, OPTIONS'],
    ['PROPFIND', '/v1/models', 'GET, HEAD, OPTIONS'],
  ])('has its methods: %s %s → 405, Allow: %s', async (method, path, allow) => {
    const { status, headers, body } = await request(server.url + path, { method });
    expect([status, body.code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(headers.get('allow')).toBe(allow);
  });

  it('tells its methods to OPTIONS', async () => {
    const { status, headers, text } = await request(`${server.url}/v1/predict`, { method: 'OPTIONS' });
    expect([status, headers.get('allow'), text]).toEqual([204, 'POST, OPTIONS', '']);
  });

  it('answers HEAD as GET, without a body', async () => {
    const { status, headers, text } = await request(`${server.url}/v1/models`, { method: 'HEAD' });
    expect([status, text]).toEqual([200, '']);
    expect(Number(headers.get('content-length'))).toBeGreaterThan(100);
  });

  it.each([
    '/health',
    '/health/live',
    '/health/ready',
    '/metrics',
    '/v1/models',
    '/v1/model/info',
    `/v1/models/${MODEL}`,
  ])('%s refuses query parameters that it does not know', async (path) => {
    const { status, body } = await request(`${server.url}${path}?verbose=1&__proto__=2`);
    expect([status, body.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(body.errors.map(({ field }: { field: string }) => field)).toContain('verbose');
  });

  it.each(['/v1/models/nobody', '/v1/models/nobody/policy', '/v1/model/info?model=nobody'])(
    '%s → 404 MODEL_NOT_FOUND',
    async (path) => {
      const { status, body } = await request(server.url + path);
      expect([status, body.code]).toEqual([404, 'MODEL_NOT_FOUND']);
    },
  );

  it.each(['bytes=9999999-', 'bytes=0-9', 'nonsense'])('of /docs is sent whole, for %s of it, too', async (range) => {
    const get = (headers: Record<string, string>) => request(`${server.url}/docs/swagger-ui.css`, { headers });
    const [whole, part] = [await get({}), await get({ Range: range })];
    expect([part.status, part.headers.get('content-range')]).toEqual([200, null]);
    expect(part.text).toBe(whole.text);
  });
});

describe('browsers of other origins', () => {
  const preflight = (origin: string) =>
    request(`${server.url}/v1/predict`, {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
    });

  it('may call from those in CORS_ORIGINS, and read our headers', async () => {
    const origin = 'https://shop.example';
    expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBe(origin);
    const { headers } = await request(`${server.url}/v1/models`, { headers: { Origin: origin } });
    expect(headers.get('access-control-expose-headers')).toMatch('X-Model-Version');
  });

  it('may not from others', async () => {
    const { headers } = await preflight('https://evil.example');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});
