import { request } from '#testing/http';
import { BUNDLED_REGISTRY } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';

const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

describe('the front page', () => {
  let server: TestServer;
  beforeAll(async () => (server = await startServer({ MODEL_REGISTRY: BUNDLED_REGISTRY })));
  afterAll(() => server.stop());

  const links = (html: string) => [...html.matchAll(/(?:href|action)="([^"]+)"/g)].map(([, link]) => link!);

  it('leads a browser to what works', async () => {
    const { status, headers, text } = await request(`${server.url}/`, { headers: BROWSER });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('resnet-cifar10');
    expect(text).toMatch(/champion <b>default<\/b>/);
    // Behind a prefix a link that begins with a slash leads elsewhere.
    expect(links(text).filter((link) => link.startsWith('/') || link.includes(':'))).toEqual([]);
    for (const link of links(text).filter((each) => !each.startsWith('v1/predict'))) {
      expect([link, (await request(`${server.url}/${link}`)).status]).toEqual([link, 200]);
    }
  });

  it('needs nothing that a strict content security policy forbids', async () => {
    const { text } = await request(`${server.url}/`, { headers: BROWSER });
    expect(text).not.toMatch(/<script|<style|style="|onclick/);
  });

  it('tells programs the same as JSON', async () => {
    for (const headers of [undefined, { Accept: '*/*' }, { Accept: 'application/json' }]) {
      const { status, body, headers: answered } = await request(`${server.url}/`, { headers: { ...headers } });
      expect([status, body.name, answered.get('vary')]).toEqual([200, 'eyrie', expect.stringContaining('Accept')]);
      expect(body.links).toMatchObject({ predict: 'v1/predict', documentation: 'docs' });
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

it('says nothing of models where looking needs a key', async () => {
  const server = await startServer({
    MODEL_REGISTRY: BUNDLED_REGISTRY,
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
