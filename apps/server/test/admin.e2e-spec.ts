import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PredictorFactory } from '#inference';
import { postImage, postJson, request, type Answer } from '#testing/http';
import { randomPng } from '#testing/images';
import { writeVersion } from '#testing/onnx-classifier';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

const digest = (key: string) => createHash('sha256').update(key).digest('hex');
const KEYS = { ADMIN_API_KEYS: `ops:${digest('admin-key')}`, PREDICT_API_KEYS: `shop:${digest('predict-key')}` };
const ADMIN = { Authorization: 'Bearer admin-key' };
const MODEL_PATH = `/v1/models/${MODEL}`;

let registry: TemporaryFolder;
let server: TestServer;

async function start(env: Record<string, string>): Promise<void> {
  registry = temporaryRegistry({}, {}, {});
  server = await startServer({ MODEL_REGISTRY: registry.path, ...env });
}
async function stop(): Promise<void> {
  await server.stop();
  registry.remove();
}
/** Tests that leave a server as it was share it. */
let isShared = false;
afterEach(() => (isShared ? undefined : stop()));

const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = ADMIN): Promise<Answer> =>
  request(server.url + path, {
    method,
    headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  });
// 405: fetch itself resolves %2e%2e, and asks for the path above.
const REFUSED = [400, 404, 405];
const codeOf = ({ status, body }: Answer): [number, string] => [status, body?.code];
const policyOnDisk = () => JSON.parse(readFileSync(join(registry.path, MODEL, 'policy.json'), 'utf8')) as object;
const SPLIT = {
  aliases: { champion: 1 },
  default: 'champion',
  variants: [
    { name: 'control', version: 'champion', weight: 50 },
    { name: 'canary', version: 2, weight: 50 },
  ],
};
/** Lists in lists. */
const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;
const ADMIN_ROUTES: [string, string, unknown?][] = [
  ['POST', `${MODEL_PATH}/versions/1/load`],
  ['POST', `${MODEL_PATH}/versions/1/unload`],
  ['PUT', `${MODEL_PATH}/aliases/champion`, { version: 1 }],
  ['DELETE', `${MODEL_PATH}/aliases/champion`],
  ['PUT', `${MODEL_PATH}/policy`, SPLIT],
  ['POST', `${MODEL_PATH}/policy/rollback`],
  ['POST', '/v1/registry/refresh'],
];

describe('who may', () => {
  it('nobody, without an admin key configured, and says how to set one', async () => {
    await start({});
    for (const [method, path, body] of ADMIN_ROUTES) {
      const answer = await call(method, path, body);
      expect([path, ...codeOf(answer)]).toEqual([path, 403, 'FORBIDDEN']);
      expect(answer.body.detail).toMatch(/keys new.*ADMIN_API_KEYS/);
    }
    expect((await postImage(`${server.url}/v1/predict`, await randomPng())).status).toBe(200);
  });

  it('those with an admin key, and no others', async () => {
    await start(KEYS);
    for (const [method, path, body] of ADMIN_ROUTES) {
      expect(codeOf(await call(method, path, body, {}))).toEqual([401, 'UNAUTHENTICATED']);
      expect(codeOf(await call(method, path, body, { 'X-API-Key': 'wrong' }))).toEqual([401, 'UNAUTHENTICATED']);
      expect(codeOf(await call(method, path, body, { 'X-API-Key': 'predict-key' }))).toEqual([403, 'FORBIDDEN']);
      expect(codeOf(await call(method, path, body, { Authorization: 'Basic admin-key' }))[0]).toBe(401);
    }
    expect((await call('POST', '/v1/registry/refresh', undefined, { 'X-API-Key': 'admin-key' })).status).toBe(200);
    // A wrong key is told so before the model is looked for: names of models are not given away.
    expect(codeOf(await call('PUT', '/v1/models/nobody/policy', SPLIT, {}))).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('predict is open until PREDICT_AUTH=required', async () => {
    await start({ ...KEYS, PREDICT_AUTH: 'required' });
    const ask = async (headers: Record<string, string>) =>
      codeOf(await postImage(`${server.url}/v1/predict`, await randomPng(), headers));
    expect(await ask({})).toEqual([401, 'UNAUTHENTICATED']);
    expect(await ask({ 'X-API-Key': 'predict-key ' + 'x' })).toEqual([401, 'UNAUTHENTICATED']);
    expect((await ask({ 'X-API-Key': 'predict-key' }))[0]).toBe(200);
    expect((await ask(ADMIN))[0]).toBe(200);
    expect((await request(`${server.url}/health/ready`)).status).toBe(200);
  });
});

describe('changes', () => {
  it('are in effect when the answer comes, and logged with who, what, before and after', async () => {
    await start(KEYS);
    const put = await call('PUT', `${MODEL_PATH}/policy`, SPLIT);
    expect([put.status, put.body.revision, put.headers.get('etag')]).toEqual([200, 1, '"1"']);
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const { body } = await postImage(`${server.url}/v1/predict`, await randomPng(), { 'X-Routing-Key': `${i}` });
      seen.add(`${body.model.variant} ${body.model.version}`);
    }
    expect([...seen].sort()).toEqual(['canary 2', 'control 1']);
    const line = server.log.find(({ change }) => change === `replace the policy of ${MODEL}`);
    expect(line).toMatchObject({ key_id: 'ops', before: { revision: 0 }, after: { revision: 1 } });
    expect(JSON.stringify(server.log)).not.toContain('admin-key');

    const alias = await call('PUT', `${MODEL_PATH}/aliases/champion`, { version: 3 });
    expect(alias.body.aliases).toEqual({ champion: 3 });
    expect(server.version(3).state).toBe('READY');
    const back = await call('POST', `${MODEL_PATH}/policy/rollback`);
    expect(back.body).toMatchObject({ revision: 3, aliases: { champion: 1 } });
    expect(policyOnDisk()).toEqual(back.body);
    const named = await call('POST', `${MODEL_PATH}/policy/rollback?revision=2`);
    expect(named.body).toMatchObject({ revision: 4, aliases: { champion: 3 } });
    expect(codeOf(await call('POST', `${MODEL_PATH}/policy/rollback?revision=x`))).toEqual([400, 'INVALID_REQUEST']);
  });

  it('honour If-Match: of two at once one gets 412', async () => {
    await start(KEYS);
    await call('PUT', `${MODEL_PATH}/policy`, SPLIT);
    const put = (version: number) =>
      call('PUT', `${MODEL_PATH}/aliases/champion`, { version }, { ...ADMIN, 'If-Match': '"1"' });
    const answers = await Promise.all([put(2), put(3)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect(codeOf(await put(1))).toEqual([412, 'PRECONDITION_FAILED']);
    const odd = await call('PUT', `${MODEL_PATH}/aliases/a`, { version: 1 }, { ...ADMIN, 'If-Match': 'latest' });
    expect(codeOf(odd)).toEqual([400, 'INVALID_REQUEST']);
    expect((await call('PUT', `${MODEL_PATH}/policy`, SPLIT, { ...ADMIN, 'If-Match': '*' })).status).toBe(200);
  });

  it('load and unload versions, but none that the policy names', async () => {
    await start(KEYS);
    expect((await call('POST', `${MODEL_PATH}/versions/1/load`)).body).toMatchObject({ version: 1, state: 'READY' });
    expect((await postImage(`${server.url}${MODEL_PATH}/versions/1/predict`, await randomPng())).status).toBe(200);
    expect((await call('POST', `${MODEL_PATH}/versions/1/unload`)).body.state).toBe('UNLOADED');
    const named = await call('POST', `${MODEL_PATH}/versions/3/unload`);
    expect([...codeOf(named), named.body.detail]).toEqual([409, 'CONFLICT', expect.stringContaining('version 3')]);
    expect(codeOf(await call('POST', `${MODEL_PATH}/versions/9/load`))).toEqual([404, 'VERSION_NOT_FOUND']);
    writeFileSync(join(registry.path, MODEL, '2/labels.txt'), 'one\n');
    const failed = await call('POST', `${MODEL_PATH}/versions/2/load`);
    expect([...codeOf(failed), failed.body.detail]).toEqual([409, 'CONFLICT', expect.stringContaining('labels.txt')]);
  });

  it('mend a policy that names a version which is gone', async () => {
    await start({ ...KEYS, REGISTRY_POLL_SECONDS: '0' });
    await call('PUT', `${MODEL_PATH}/policy`, { ...SPLIT, aliases: { champion: 1, old: 3 } });
    rmSync(join(registry.path, MODEL, '3'), { recursive: true });
    expect((await call('POST', '/v1/registry/refresh')).status).toBe(200);
    expect((await postImage(`${server.url}/v1/predict`, await randomPng())).status).toBe(200);
    const mended = await call('DELETE', `${MODEL_PATH}/aliases/old`);
    expect([mended.status, mended.body.aliases]).toEqual([200, { champion: 1 }]);
  });

  it('a policy.json that is no JSON answers CONFLICT and serves on', async () => {
    await start({ ...KEYS, REGISTRY_POLL_SECONDS: '0' });
    writeFileSync(join(registry.path, MODEL, 'policy.json'), '{"revision": 1,');
    const answer = await call('PUT', `${MODEL_PATH}/aliases/champion`, { version: 1 });
    expect([...codeOf(answer), answer.body.detail]).toEqual([409, 'CONFLICT', expect.stringContaining('policy.json')]);
    expect((await postImage(`${server.url}/v1/predict`, await randomPng())).status).toBe(200);
  });
});

describe('a policy', () => {
  beforeAll(async () => {
    await start(KEYS);
    isShared = true;
  });
  afterAll(() => {
    isShared = false;
    return stop();
  });

  it.each([
    ['weights of 99', { ...SPLIT, variants: [{ name: 'a', version: 1, weight: 99 }] }, /add up to 99/],
    ['a negative weight', { ...SPLIT, variants: [{ name: 'a', version: 1, weight: -1 }] }, /weight/],
    ['an unknown key', { ...SPLIT, colour: 'red' }, /colour/],
    ['a version that is not there', { ...SPLIT, default: 77 }, /version 77, which is not there/],
    ['an alias that is not there', { ...SPLIT, default: 'nobody' }, /"nobody", which is no alias/],
    ['a list', [], /JSON object/],
    ['half a guard', { ...SPLIT, guard: { variant: 'canary' } }, /guard\.window_s .*; guard\.step_s/],
    [
      'a variant with a key too many',
      { ...SPLIT, variants: [{ ...SPLIT.variants[0], a: 1 }] },
      /variants\[0\]\.a is not/,
    ],
    ['one that goes deep with lists', `{"variants":${'['.repeat(50_000)}`, /nested more than 32 levels/],
    ['one of 65 KiB', JSON.stringify({ ...SPLIT, aliases: { a: 'x'.repeat(66_000) } }), /more than the 65536 bytes/],
    ['a field twice', '{"default":1,"default":2}', /default is given more than once/],
    ['the field __proto__', '{"default":1,"__proto__":{}}', /__proto__ is not known here/],
    ['null in a list', '{"default":1,"aliases":{},"variants":[null]}', /variants/],
    ['broken JSON', '{"default":1,}', /not valid JSON: an unexpected } at byte 13/],
    ['one nested a thousand deep', { ...SPLIT, default: nested(1_000) }, /nested more than 32 levels/],
  ])('with %s is refused, and what served before serves on', async (_, policy, why) => {
    const answer = await call('PUT', `${MODEL_PATH}/policy`, policy);
    expect([...codeOf(answer), answer.body.detail]).toEqual([400, 'INVALID_REQUEST', expect.stringMatching(why)]);
    expect(existsSync(join(registry.path, MODEL, 'policy.json'))).toBe(false);
    expect((await postImage(`${server.url}/v1/predict`, await randomPng())).body.model.version).toBe(3);
  });
});

it('a model that loads keeps nobody from changing another', async () => {
  await start({ ...KEYS, REGISTRY_POLL_SECONDS: '0' });
  const predictors = server.app.get(PredictorFactory, { strict: false });
  const startPredictor = predictors.start.bind(predictors);
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  predictors.start = async (options) => {
    if (options.modelPath.includes('/slow/')) await held;
    return startPredictor(options);
  };
  writeVersion(registry.path, 'slow', 1);
  const refreshed = call('POST', '/v1/registry/refresh');
  await until(async () => (await call('GET', '/v1/models/slow/versions/1')).body.state === 'LOADING', 'slow loads');
  const answers = [
    await call('POST', `${MODEL_PATH}/versions/1/load`),
    await call('PUT', `${MODEL_PATH}/aliases/champion`, { version: 1 }),
    await call('POST', `${MODEL_PATH}/policy/rollback`),
    await call('POST', `${MODEL_PATH}/versions/1/load`),
    await call('POST', `${MODEL_PATH}/versions/1/unload`),
    await call('GET', '/v1/models/slow/versions/1'),
  ];
  expect(answers.map(({ status, body }) => [status, body.state ?? body.revision])).toEqual([
    [200, 'READY'],
    [200, 1],
    [200, 2],
    [200, 'READY'],
    [200, 'UNLOADED'],
    [200, 'LOADING'],
  ]);
  letGo();
  expect((await refreshed).status).toBe(200);
});

describe('names and numbers', () => {
  it('odd names are no way out of the registry, and none crashes it', async () => {
    await start(KEYS);
    const NAMES = [
      '%2e%2e',
      '..%2f..',
      'a%2fb',
      'mod%C3%A8le',
      '%F0%9F%A6%85',
      'x'.repeat(300),
      '%00',
      '%',
      'A',
      '-',
      '1%20OR%201',
    ];
    for (const name of NAMES) {
      for (const path of [`/v1/models/${name}`, `/v1/models/${name}/policy`, `/v1/models/${name}/versions/1`]) {
        const { status, body } = await call('GET', path);
        expect([path, REFUSED.includes(status)]).toEqual([path, true]);
        expect(body.code).toMatch(/^(INVALID_REQUEST|MODEL_NOT_FOUND|ROUTE_NOT_FOUND)$/);
      }
      const put = await call('PUT', `${MODEL_PATH}/aliases/${name}`, { version: 1 });
      expect([name, REFUSED.includes(put.status)]).toEqual([name, true]);
      const version = await call('POST', `${MODEL_PATH}/versions/${name}/load`);
      expect([name, REFUSED.includes(version.status)]).toEqual([name, true]);
    }
    expect((await postJson(`${server.url}/v1/registry/refresh`, {}, ADMIN)).status).toBeLessThan(500);
  });

  it('2,000 versions are listed while it serves', async () => {
    await start(KEYS);
    const manifest = JSON.stringify(writeVersion(registry.path, MODEL, 4));
    await call('PUT', `${MODEL_PATH}/policy`, { aliases: {}, default: 1 });
    for (let version = 5; version <= 2_000; version++) {
      const folder = join(registry.path, MODEL, String(version));
      mkdirSync(folder);
      writeFileSync(join(folder, 'model.json'), manifest.replace('"version":4', `"version":${version}`));
    }
    const refreshed = await call('POST', '/v1/registry/refresh');
    expect(refreshed.status).toBe(200);
    const { status, body } = await call('GET', MODEL_PATH);
    expect([status, body.versions.length, body.versions.at(-1).version]).toEqual([200, 2_000, 2_000]);
    expect((await postImage(`${server.url}/v1/predict`, await randomPng())).status).toBe(200);
    expect((await request(`${server.url}/metrics`)).text.match(/^model_state\{/gm)!.length).toBeLessThan(200);
    const missing = await call('GET', `${MODEL_PATH}/versions/2001`);
    expect([...codeOf(missing), missing.body.detail.length < 500]).toEqual([404, 'VERSION_NOT_FOUND', true]);
  });
});
