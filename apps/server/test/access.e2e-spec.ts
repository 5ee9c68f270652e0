import { Controller, Get, Module, Post } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from '#testing/http';
import { MODEL, REPOSITORY, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { SCOPES, type Scope } from '../src/http/scopes';
import { CONSOLE_PATH } from '../src/console/serve-console';
import { DESCRIPTION_PATHS } from '../src/openapi/document';
import { routesOf, type Route } from '../src/http/routes';

const digest = (key: string) => createHash('sha256').update(key).digest('hex');
const KEYS = {
  READ_API_KEYS: `desk:${digest('read-key')}`,
  PREDICT_API_KEYS: `shop:${digest('predict-key')}`,
  ADMIN_API_KEYS: `ops:${digest('admin-key')}`,
};
const keyOf = (scope: Scope) => ({ 'X-API-Key': `${scope}-key` });
const mayDo = (scope: Scope, needed: Scope) => SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);

let registry: TemporaryFolder;
let server: TestServer;

async function start(env: Record<string, string>): Promise<void> {
  registry = temporaryRegistry({}, {});
  server = await startServer({ MODEL_REGISTRY: registry.path, ...env });
}
afterEach(async () => {
  await server.stop();
  registry.remove();
});

const describedRoutes = async (): Promise<Route[]> => routesOf((await request(`${server.url}/openapi.json`)).body);

/** A path that the template stands for. */
const pathOf = (template: string) =>
  template.replace('{model}', MODEL).replace('{version}', '2').replace('{alias}', 'champion');

/** Every method of every route that is described, HEAD beside GET, with who may use it. */
const callsOf = (routes: Route[]) =>
  routes.flatMap(({ template, methods, access }) =>
    [...methods.keys()]
      .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
      .map((method) => ({ method, path: pathOf(template), access: access.get(method === 'HEAD' ? 'GET' : method) })),
  );

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
}

/** Every route that Express knows, as `get /v1/models/{model}`. */
function servedRoutes(app: NestExpressApplication): string[] {
  const { stack } = (app.getHttpAdapter().getInstance() as { router: { stack: Layer[] } }).router;
  return stack.flatMap(({ route }) =>
    route ? Object.keys(route.methods).map((method) => `${method} ${route.path.replace(/:([a-z]+)/g, '{$1}')}`) : [],
  );
}

describe('every route', () => {
  it('declares its scope or that it is public, be it served by Nest or beside it', async () => {
    await start({});
    const declared = (await describedRoutes()).flatMap(({ template, access }) =>
      [...access.keys()].map((method) => `${method.toLowerCase()} ${template}`),
    );
    const served = servedRoutes(server.app);
    expect(served.length).toBeGreaterThan(25);
    const isPages = (route: string) =>
      [...DESCRIPTION_PATHS, CONSOLE_PATH].some((path) => route === `get ${path}` || route.startsWith(`get ${path}/`));
    expect(served.filter((route) => !declared.includes(route) && !isPages(route))).toEqual([]);
    expect(declared.filter((route) => !served.includes(route))).toEqual([]);
  });

  it('with PREDICT_AUTH=required lets in who has the scope, or one that implies it, and nobody else', async () => {
    await start({ ...KEYS, PREDICT_AUTH: 'required' });
    const calls = callsOf(await describedRoutes());
    expect(new Set(calls.map(({ access }) => access))).toEqual(new Set(['public', ...SCOPES]));
    for (const { method, path, access } of calls) {
      const ask = async (headers: Record<string, string>) =>
        (await request(server.url + path, { method, headers })).status;
      if (access === undefined || access === 'public') {
        expect([method, path, access, await ask({})]).toEqual([method, path, 'public', 200]);
        continue;
      }
      // The spellings that Express takes for the same route, too.
      const capitals = path.replace(/predict|models?|registry/, (word) => word.toUpperCase());
      for (const spelling of [path, `${path}/`, capitals]) {
        const { status } = await request(server.url + spelling, { method });
        expect([method, spelling, status]).toEqual([method, spelling, 401]);
      }
      expect([method, path, await ask({ 'X-API-Key': 'none' })]).toEqual([method, path, 401]);
      for (const scope of SCOPES) {
        const status = await ask(keyOf(scope));
        const refused = [401, 403].includes(status) && status;
        expect([method, path, scope, refused]).toEqual([method, path, scope, mayDo(scope, access) ? false : 403]);
      }
    }
  });

  it('with PREDICT_AUTH=open closes what changes things, and nothing else', async () => {
    await start(KEYS);
    for (const { method, path, access } of callsOf(await describedRoutes())) {
      const { status } = await request(server.url + path, { method });
      expect([method, path, status === 401]).toEqual([method, path, access === 'admin']);
    }
  });

  it('says in its refusal which scopes would do, and who was refused', async () => {
    await start({ ...KEYS, PREDICT_AUTH: 'required' });
    const detail = async (method: string, path: string, headers: Record<string, string> = {}) => {
      const { body, headers: answered } = await request(server.url + path, { method, headers });
      return [body.code, body.detail, answered.get('www-authenticate')];
    };
    expect(await detail('GET', '/v1/models')).toEqual([
      'UNAUTHENTICATED',
      'this needs an API key with the scope read or predict or admin; send it as "Authorization: Bearer KEY" or "X-API-Key: KEY"',
      'Bearer',
    ]);
    expect(await detail('POST', '/predict', { 'X-API-Key': 'none' })).toEqual([
      'UNAUTHENTICATED',
      'the API key is not known here; this needs an API key with the scope predict or admin',
      'Bearer error="invalid_token"',
    ]);
    expect(await detail('POST', '/v1/predict', keyOf('read'))).toEqual([
      'FORBIDDEN',
      'the key "desk" has the scope read; this needs an API key with the scope predict or admin',
      null,
    ]);
    expect(server.log.find(({ path, status }) => path === '/v1/predict' && status === 403)).toBeDefined();
  });

  it('tells its methods, and what it is not, to who has no key', async () => {
    await start({ ...KEYS, PREDICT_AUTH: 'required' });
    for (const { template, methods } of await describedRoutes()) {
      const url = server.url + pathOf(template);
      const options = await request(url, { method: 'OPTIONS' });
      expect([template, options.status]).toEqual([template, 204]);
      for (const method of methods.keys()) expect(options.headers.get('allow')).toContain(method);
      const wrong = await request(url, { method: 'PATCH' });
      // Another dialect has no codes in its errors.
      const said = template.startsWith('/v2') ? { error: expect.any(String) } : { code: 'METHOD_NOT_ALLOWED' };
      expect([template, wrong.status, wrong.body]).toEqual([template, 405, expect.objectContaining(said)]);
    }
    for (const path of ['/nope', '/v1/nope', `/v1/models/${MODEL}/nope`, '/models']) {
      const { status, body } = await request(server.url + path);
      expect([path, status, body.code]).toEqual([path, 404, 'ROUTE_NOT_FOUND']);
    }
  });
});

@Controller('undeclared')
class UndeclaredController {
  @Get()
  look() {
    return { secret: 1 };
  }

  @Post()
  change() {
    return { secret: 1 };
  }
}

@Module({ controllers: [UndeclaredController] })
class UndeclaredModule {}

describe('a route that declares nothing', () => {
  it('is closed to everybody, whatever their key', async () => {
    registry = temporaryRegistry({});
    server = await startServer({ MODEL_REGISTRY: registry.path, ...KEYS }, { imports: [UndeclaredModule] });
    const url = `${server.url}/undeclared`;
    for (const headers of [{}, keyOf('admin')]) {
      for (const method of ['GET', 'HEAD', 'POST']) {
        expect([method, (await request(url, { method, headers })).status]).toEqual([method, 403]);
      }
      const { body } = await request(url, { headers });
      expect([body.code, body.detail]).toEqual([
        'FORBIDDEN',
        'this route does not declare who may use it, and so nobody may',
      ]);
    }
  });
});

describe('docs/API.md', () => {
  it('lists every route with its scope, and no other', async () => {
    await start({});
    const rows = readFileSync(join(REPOSITORY, 'docs/API.md'), 'utf8').matchAll(
      /^\| (GET|POST|PUT|DELETE) +\| (`\/.*?`) +\| (public|read|predict|admin) +\|/gm,
    );
    const listed = [...rows].flatMap(([, method, paths, access]) =>
      [...paths!.matchAll(/`([^`]+)`/g)].map(([, path]) => `${method} ${path} ${access}`),
    );
    const described = (await describedRoutes()).flatMap(({ template, access }) =>
      [...access].map(([method, who]) => `${method} ${template} ${who}`),
    );
    expect(listed.sort()).toEqual([...described, ...DESCRIPTION_PATHS.map((path) => `GET ${path} public`)].sort());
  });
});
