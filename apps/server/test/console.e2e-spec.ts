import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { request } from '#testing/http';
import { BUNDLED_REGISTRY } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';

const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const linksOf = (html: string) => [...html.matchAll(/(?:href|src|action)="([^"]+)"/g)].map(([, link]) => link!);

describe('the console', () => {
  let server: TestServer;
  beforeAll(async () => (server = await startServer({ MODEL_REGISTRY: BUNDLED_REGISTRY })));
  afterAll(() => server.stop());

  it('is where / leads browsers, wherever a proxy has put the server', async () => {
    const { status, headers } = await request(`${server.url}/`, { headers: BROWSER, redirect: 'manual' });
    expect([status, headers.get('location'), headers.get('vary')]).toEqual([302, 'console', 'Accept']);
  });

  it('tells programs at / where everything is, as JSON', async () => {
    for (const headers of [undefined, { Accept: '*/*' }, { Accept: 'application/json' }]) {
      const { status, body, headers: answered } = await request(`${server.url}/`, { headers: { ...headers } });
      expect([status, body.name, answered.get('vary')]).toEqual([200, 'eyrie', expect.stringContaining('Accept')]);
      expect(body.links).toMatchObject({ predict: 'v1/predict', console: 'console', documentation: 'docs' });
    }
  });

  it.each(['/console', '/console/'])('%s names what belongs to it relative to itself', async (path) => {
    const { status, headers, text } = await request(server.url + path);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const links = linksOf(text);
    expect(links.length).toBeGreaterThan(15);
    expect(links.filter((link) => link.startsWith('/') || link.includes(':'))).toEqual([]);
    for (const link of links) {
      expect([link, (await request(new URL(link, server.url + path).href)).status]).toEqual([link, 200]);
    }
  });

  it('needs nothing that a strict content security policy forbids', async () => {
    const { headers, text } = await request(`${server.url}/console`);
    expect(text).not.toMatch(/<style|style="|\son[a-z]+="|<script(?![^>]* src=)/);
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
    const script = await request(`${server.url}/console/main.js`);
    expect(script.headers.get('content-security-policy')).toBe(policy);
    expect(script.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('has modules that find one another, since no browser knows a package by its name', async () => {
    const seen = new Set<string>();
    const follow = async (url: string): Promise<void> => {
      if (seen.has(url)) return;
      seen.add(url);
      const { status, headers, text } = await request(url);
      expect([url, status, headers.get('content-type')]).toEqual([url, 200, 'text/javascript; charset=utf-8']);
      const imports = [...text.matchAll(/^import\b[^"';]*["']([^"']+)["']/gm)].map(([, specifier]) => specifier!);
      expect(imports.filter((specifier) => !specifier.startsWith('.'))).toEqual([]);
      for (const specifier of imports) await follow(new URL(specifier, url).href);
    };
    await follow(`${server.url}/console/main.js`);
    expect([...seen].map((url) => new URL(url).pathname)).toEqual(
      expect.arrayContaining(['/console/preact.js', '/console/preact-hooks.js', '/console/try/try-page.js']),
    );
  });

  it.each([
    '/console/nope.js',
    '/console/main.ts',
    '/console/../package.json',
    '/console/%2e%2e/package.json',
    '/console/samples/render.mjs',
    '/console/samples/src/cat.svg',
    '/console/samples/..%2fpackage.json',
    '/console/main.js/x',
  ])('serves what it names and nothing else: %s → 404', async (path) => {
    const { status, body } = await request(server.url + path);
    expect([status, body.code]).toEqual([404, 'ROUTE_NOT_FOUND']);
  });

  it('does not send again what the browser has, and compresses what it sends', async () => {
    const url = `${server.url}/console/console.css`;
    const plain = await request(url, { headers: { 'Accept-Encoding': 'identity' } });
    expect([plain.headers.get('content-encoding'), plain.headers.get('cache-control')]).toEqual([null, 'no-cache']);
    const zipped = await fetch(url, { headers: { 'Accept-Encoding': 'gzip' } });
    expect([zipped.headers.get('content-encoding'), zipped.headers.get('vary')]).toEqual(['gzip', 'Accept-Encoding']);
    expect(await zipped.text()).toBe(plain.text);
    const [tag, zippedTag] = [plain.headers.get('etag')!, zipped.headers.get('etag')!];
    expect(tag).not.toBe(zippedTag);
    for (const [encoding, known] of [
      ['identity', tag],
      ['gzip', zippedTag],
    ] as const) {
      const again = await raw(url, { 'Accept-Encoding': encoding, 'If-None-Match': known });
      expect([again.status, again.body.length]).toEqual([304, 0]);
    }
    expect(gunzipSync((await raw(url, { 'Accept-Encoding': 'gzip' })).body).toString()).toBe(plain.text);
  });

  it('has pictures and tables to try it with', async () => {
    const { body } = await request(`${server.url}/console/about.json`);
    expect(body.samples).toEqual(expect.arrayContaining(['ship.png', 'photos/coffee.jpg', 'diabetes.csv']));
    const types = { png: 'image/png', jpg: 'image/jpeg', webp: 'image/webp', csv: 'text/csv; charset=utf-8' };
    for (const name of body.samples as string[]) {
      const { status, headers } = await request(`${server.url}/console/samples/${name}`);
      const type = types[name.split('.').at(-1) as keyof typeof types];
      expect([name, status, headers.get('content-type')]).toEqual([name, 200, type]);
    }
  });

  it('has an icon, under the name that browsers ask for, too', async () => {
    for (const name of ['favicon.svg', 'favicon.ico']) {
      const { status, headers, text } = await request(`${server.url}/${name}`);
      expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('image/svg+xml')]);
      expect(text).toContain('<svg');
    }
  });
});

describe('where the console is off, the front page', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({
      MODEL_REGISTRY: BUNDLED_REGISTRY,
      CONSOLE: 'off',
      LOAD: 'explicit',
      REQUIRE: 'any',
    });
  });
  afterAll(() => server.stop());

  it('leads a browser to what works', async () => {
    const { status, headers, text } = await request(`${server.url}/`, { headers: BROWSER });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('resnet-cifar10');
    expect(text).toMatch(/champion <b>default<\/b>/);
    // Behind a prefix a link that begins with a slash leads elsewhere.
    const links = linksOf(text);
    expect(links.filter((link) => link.startsWith('/') || link.includes(':'))).toEqual([]);
    // No model is loaded here, which is what /health says.
    for (const link of links.filter((each) => !/^(v1\/predict|health)/.test(each))) {
      expect([link, (await request(`${server.url}/${link}`)).status]).toEqual([link, 200]);
    }
  });

  it('needs nothing that a strict content security policy forbids', async () => {
    const { text } = await request(`${server.url}/`, { headers: BROWSER });
    expect(text).not.toMatch(/<script|<style|style="|onclick/);
  });

  it('is all that there is', async () => {
    for (const path of ['/console', '/console/main.js']) {
      const { status, body } = await request(server.url + path);
      expect([path, status, body.code]).toEqual([path, 404, 'ROUTE_NOT_FOUND']);
    }
    expect((await request(`${server.url}/`)).body.links).not.toHaveProperty('console');
  });
});

it('says nothing of models at / where looking needs a key', async () => {
  const server = await startServer({
    MODEL_REGISTRY: BUNDLED_REGISTRY,
    CONSOLE: 'off',
    LOAD: 'explicit',
    REQUIRE: 'any',
    PREDICT_AUTH: 'required',
    PREDICT_API_KEYS: '0'.repeat(64),
  });
  try {
    const { status, text } = await request(`${server.url}/`, { headers: BROWSER });
    expect(status).toBe(200);
    expect(text).not.toContain('resnet-cifar10');
  } finally {
    await server.stop();
  }
});

/** As it is sent: fetch unpacks what it gets, and asks for nothing to be left out. */
function raw(url: string, headers: Record<string, string>): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(chunks) }));
    }).on('error', reject);
  });
}
