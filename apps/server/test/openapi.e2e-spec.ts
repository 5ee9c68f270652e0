import { execFileSync } from 'node:child_process';
import { parse } from 'yaml';
import { request } from '#testing/http';
import { REPOSITORY, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';

let registry: TemporaryFolder;
let server: TestServer;

interface Operation {
  operationId: string;
  tags: string[];
  summary?: string;
  'x-eyrie-scope': string;
  security?: object[];
  requestBody?: { content: Record<string, { example?: unknown; examples?: object; schema: unknown }> };
  responses: Record<string, { content?: Record<string, { example?: unknown; examples?: object; schema: unknown }> }>;
}

let document: { openapi: string; tags: { name: string }[]; paths: Record<string, Record<string, Operation>> };
let operations: [string, Operation][];

beforeAll(async () => {
  registry = temporaryRegistry({});
  server = await startServer({ MODEL_REGISTRY: registry.path });
  document = (await request(`${server.url}/openapi.json`)).body;
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

describe('/openapi.json', () => {
  it('is valid OpenAPI 3.1', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    // The validator is an ES module, which Jest cannot import on every Node that we support.
    const script = `
      import { Validator } from '@seriousme/openapi-schema-validator';
      import { readFileSync } from 'node:fs';
      console.log(JSON.stringify(await new Validator().validate(JSON.parse(readFileSync(0, 'utf8')))));`;
    const input = JSON.stringify(document);
    const result = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: REPOSITORY, input });
    expect(JSON.parse(result.toString())).toEqual({ valid: true });
  });

  it('has every route of the API', () => {
    expect(operations.map(([route]) => route)).toEqual(
      expect.arrayContaining([
        'post /v1/predict',
        'post /predict',
        'post /v1/predict/batch',
        'post /predict/batch',
        'post /v1/models/{model}/predict',
        'post /v1/models/{model}/versions/{version}/predict',
        'get /v1/model/info',
        'get /model/info',
        'get /v1/models',
        'get /v1/models/{model}',
        'get /v1/models/{model}/versions/{version}',
        'get /v1/models/{model}/policy',
        'get /health',
        'get /health/live',
        'get /health/ready',
        'get /metrics',
      ]),
    );
  });

  it('says which operations take a key, and how it is sent', async () => {
    const keys = [{ bearer: [] }, { apiKey: [] }];
    for (const [route, { tags, security, responses }] of operations) {
      expect([route, security]).toEqual([route, tags.includes('admin') ? keys : undefined]);
      expect(tags.includes('admin')).toBe('401' in responses && '403' in responses);
    }
    const closed = await startServer({
      MODEL_REGISTRY: registry.path,
      PREDICT_AUTH: 'required',
      PREDICT_API_KEYS: '0'.repeat(64),
    });
    const { body } = await request(`${closed.url}/openapi.json`);
    await closed.stop();
    for (const [path, item] of Object.entries<Record<string, Operation>>(body.paths)) {
      for (const { 'x-eyrie-scope': scope, security, responses } of Object.values(item)) {
        const isPublic = scope === 'public';
        expect([path, security, '401' in responses]).toEqual([path, isPublic ? undefined : keys, !isPublic]);
        expect([path, '403' in responses]).toEqual([path, scope === 'predict' || scope === 'admin']);
      }
    }
    expect(body.components.securitySchemes).toMatchObject({
      bearer: { type: 'http', scheme: 'bearer' },
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    });
    expect(JSON.stringify(body.components.securitySchemes)).not.toContain('JWT');
  });

  it('gives each operation a name of its own that a generated client can use', () => {
    const names = operations.map(([, { operationId }]) => operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_]*$/);
  });

  it('lists each operation under one of the tags that it explains', () => {
    const explained = document.tags.map(({ name }) => name);
    for (const [, { tags }] of operations) {
      expect(tags).toHaveLength(1);
      expect(explained).toContain(tags[0]);
    }
  });

  it('has an example for every error of every operation, with its own status', () => {
    const problems = operations.flatMap(([route, { responses }]) =>
      Object.entries(responses).flatMap(([status, { content }]) => {
        const problem = content?.['application/problem+json'];
        return problem
          ? [{ route, status, examples: Object.values(problem.examples ?? {}) as { value: object }[] }]
          : [];
      }),
    );
    expect(problems.length).toBeGreaterThan(50);
    for (const { status, examples } of problems) {
      expect(examples.length).toBeGreaterThan(0);
      for (const { value } of examples)
        expect(value).toMatchObject({ status: Number(status), code: expect.any(String) });
    }
  });

  it('offers an upload, JSON examples and the image itself where an image is classified', () => {
    for (const [route, { requestBody }] of operations) {
      if (!/predict/.test(route)) continue;
      const { content } = requestBody!;
      const form = content['multipart/form-data']!.schema as { properties: Record<string, { format?: string }> };
      expect(JSON.stringify(form.properties)).toContain('"format":"binary"');
      expect(Object.keys(content['application/json']!.examples!).length).toBeGreaterThan(0);
    }
  });
});

describe('/docs', () => {
  it('is Swagger UI, all of it from here', async () => {
    const { status, text, headers } = await request(`${server.url}/docs`);
    expect(status).toBe(200);
    expect(text).toContain('swagger-ui');
    expect(text).not.toMatch(/(src|href)="https?:/);
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    for (const file of [
      'swagger-ui.css',
      'swagger-ui-bundle.js',
      'swagger-ui-standalone-preset.js',
      'swagger-ui-init.js',
    ]) {
      expect((await request(`${server.url}/docs/${file}`)).status).toBe(200);
    }
  });

  it('needs nothing that its content security policy does not let through, and that lets no inline script through', async () => {
    for (const path of ['/docs', '/docs/', '/docs/index.html']) {
      const { text, headers } = await request(server.url + path);
      const policy = headers.get('content-security-policy')!;
      expect(policy).not.toMatch(/unsafe|script-src[^;]*sha256/);
      expect(text).not.toMatch(/<style| style=/);
      const scripts = [...text.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)];
      expect(scripts.filter(([, attributes, code]) => !/ src=/.test(attributes!) || code!.trim() !== '')).toEqual([]);
    }
  });

  it.each([
    'package.json',
    'README.md',
    'absolute-path.js',
    'swagger-ui-bundle.js.map',
    'oauth2-redirect.html',
    '%2e%2e/x',
    'a/b',
  ])('has no %s: only what its page is made of', async (file) => {
    const { status, body } = await request(`${server.url}/docs/${file}`);
    expect([status, body.code]).toEqual([404, 'ROUTE_NOT_FOUND']);
  });
});

describe('the description of the API', () => {
  const PAGES = [
    '/OpenAPI.json/',
    '/openapi.json',
    '/openapi.yaml',
    '/docs',
    '/docs/',
    '/docs/swagger-ui-bundle.js',
    '/docs/swagger-ui-init.js',
  ];

  it.each(PAGES)('%s is not sent again to who has it', async (path) => {
    const { status, headers, text } = await request(server.url + path);
    expect([status, text === '']).toEqual([200, false]);
    const etag = headers.get('etag')!;
    // Otherwise fetch asks for it anew.
    const ask = (tags: string) =>
      request(server.url + path, { headers: { 'If-None-Match': tags, 'Cache-Control': 'max-age=0' } });
    const again = await ask(`"other", W/${etag}`);
    expect([again.status, again.text.length, again.headers.get('etag')]).toEqual([304, 0, etag]);
    expect((await ask('"other"')).status).toBe(200);
  });

  it('says the same in YAML as in JSON', async () => {
    const yaml = await request(`${server.url}/openapi.yaml`);
    expect(parse(yaml.text)).toEqual((await request(`${server.url}/openapi.json`)).body);
  });

  it.each(['/docs', '/docs/', '/DOCS', '/Docs/'])('the page at %s refers to what is there', async (path) => {
    const { text } = await request(server.url + path);
    const links = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => new URL(link!, server.url + path));
    expect(links.length).toBeGreaterThan(4);
    for (const link of links) expect([link.pathname, (await request(link.href)).status]).toEqual([link.pathname, 200]);
  });

  it.each(['package.json', 'swagger-ui.js.map', 'swagger-initializer.js', '..%2fpackage.json'])(
    'has nothing else of the package: %s',
    async (file) => {
      expect((await request(`${server.url}/docs/${file}`)).status).toBe(404);
    },
  );
});
