import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unfinishedName } from '#registry';
import { postImage, RawClient, request, type Answer } from '#testing/http';
import { randomPng } from '#testing/images';
import { onnxClassifier, writeVersion } from '#testing/onnx-classifier';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

const UPLOAD_MAX_BYTES = 1_000_000;
const KEYS = { ADMIN_API_KEYS: `ops:${createHash('sha256').update('admin-key').digest('hex')}` };
const ADMIN = { Authorization: 'Bearer admin-key' };
const ONNX = onnxClassifier({ classes: 3 });
const LABELS = 'sun\nrain\nsnow\n';

let registry: TemporaryFolder;
let server: TestServer;

beforeAll(async () => {
  registry = temporaryRegistry({}, {}, {});
  const env = { MODEL_REGISTRY: registry.path, UPLOAD_MAX_BYTES: String(UPLOAD_MAX_BYTES) };
  server = await startServer({ ...env, ...KEYS });
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

type Part = [field: string, content: Uint8Array | string, name?: string];

function upload(model: string, parts: Part[], headers: Record<string, string> = ADMIN): Promise<Answer> {
  const form = new FormData();
  for (const [field, content, name] of parts) {
    if (name === undefined) form.append(field, content);
    else form.append(field, new Blob([content]), name);
  }
  return request(`${server.url}/v1/models/${model}/versions`, { method: 'POST', body: form, headers });
}
const weather: Part[] = [
  ['file', ONNX, 'weather.onnx'],
  ['labels', LABELS, 'labels.txt'],
  ['preset', 'cifar10'],
];
const call = (method: string, path: string) => request(server.url + path, { method, headers: ADMIN });
const codeOf = ({ status, body }: Answer): [number, string] => [status, body?.code];
/** What lies in the registry beside models: uploads that come, versions in the making. */
const unfinished = () => readdirSync(registry.path).filter((name) => name.startsWith('.'));
const versionsOnDisk = (model: string) => readdirSync(join(registry.path, model)).filter((name) => /^\d+$/.test(name));

describe('an upload', () => {
  it('becomes a version, served like any other, and says what was found and assumed', async () => {
    const answer = await upload('weather', weather);
    expect([answer.status, answer.headers.get('location')]).toEqual([201, '/v1/models/weather/versions/1']);
    const { manifest, facts, warnings } = answer.body;
    expect(manifest).toMatchObject({ name: 'weather', version: 1, provenance: { source: 'weather.onnx' } });
    expect(facts).toContainEqual({ what: 'labels', value: 'as given', source: 'option' });
    expect(warnings).toEqual([]);
    await call('POST', '/v1/models/weather/versions/1/load');
    const predicted = await postImage(`${server.url}/v1/models/weather/predict`, await randomPng());
    expect([predicted.status, predicted.body.model.version]).toEqual([200, 1]);
    expect(LABELS).toContain(predicted.body.predictions[0].label);
    expect(unfinished()).toEqual([]);
    expect(server.log).toContainEqual(expect.objectContaining({ change: 'add weather version 1', key_id: 'ops' }));
  });

  it('that is a file which is there already says so; two at once get two numbers', async () => {
    const both = await Promise.all([upload('twins', weather), upload('twins', weather)]);
    expect(both.map(({ status }) => status)).toEqual([201, 201]);
    expect(both.map(({ body }) => body.manifest.version).sort()).toEqual([1, 2]);
    expect(both.flatMap(({ body }) => body.warnings).join()).toMatch(/the same file as twins version 1/);
    expect(unfinished()).toEqual([]);
  });

  it('with weights in a second file gives them to the check by their name', async () => {
    const { status } = await upload('weather', [...weather, ['data', 'unused', 'weather.onnx.data']]);
    expect(status).toBe(201);
  });

  it.each<[what: string, parts: Part[], code: string, why: RegExp]>([
    [
      'no model',
      [['file', 'hello', 'no.onnx']],
      'INVALID_MODEL',
      /^no\.onnx cannot be added: this is text, which begins with "hello"/,
    ],
    ['a value that cannot be', [...weather, ['mean', '1,2']], 'INVALID_REQUEST', /^mean must be three numbers/],
    [
      'an unknown field',
      [...weather, ['registry', '/tmp']],
      'INVALID_REQUEST',
      /"registry" is not known here; known are/,
    ],
    ['no file', [['preset', 'cifar10']], 'INVALID_REQUEST', /one file in the field "file"/],
    ['two files', [...weather, ['file', ONNX, 'other.onnx']], 'INVALID_REQUEST', /one file in the field "file"/],
    ['two files of a name', [...weather, ['data', 'x', 'weather.onnx']], 'INVALID_REQUEST', /called weather\.onnx/],
    ['a name that is none', [...weather, ['data', 'x', '.hidden']], 'INVALID_REQUEST', /needs the name/],
    ['a field twice', [...weather, ['preset', 'imagenet']], 'INVALID_REQUEST', /more than once/],
    ['a version that is there', [...weather, ['version', '1']], 'CONFLICT', /has a version 1 already/],
  ])('with %s is refused with the reason, and leaves nothing', async (_, parts, code, why) => {
    const before = versionsOnDisk(MODEL);
    const answer = await upload(MODEL, parts);
    expect([answer.body.code, answer.body.detail]).toEqual([code, expect.stringMatching(why)]);
    expect([versionsOnDisk(MODEL), unfinished()]).toEqual([before, []]);
  });

  it('that is no form is refused', async () => {
    const path = `${server.url}/v1/models/${MODEL}/versions`;
    expect(codeOf(await postImage(path, ONNX, ADMIN))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(codeOf(await postImage(path, ONNX))).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('that is too large is refused before it is there, announced or not', async () => {
    const head = (how: string) =>
      `POST /v1/models/${MODEL}/versions HTTP/1.1\r\nHost: x\r\nX-API-Key: admin-key\r\n` +
      `Content-Type: multipart/form-data; boundary=XX\r\n${how}\r\n\r\n`;
    const announced = await RawClient.connect(server.port);
    announced.send(head('Content-Length: 900000000'));
    const begun = '--XX\r\nContent-Disposition: form-data; name="file"; filename="m.onnx"\r\n\r\n';
    const endless = await RawClient.connect(server.port);
    endless.send(head('Transfer-Encoding: chunked'));
    endless.send(`${begun.length.toString(16)}\r\n${begun}\r\n`);
    const chunk = Buffer.alloc(65_536, 'x').toString();
    for (let sent = 0; sent <= UPLOAD_MAX_BYTES + 2 * chunk.length; sent += chunk.length)
      endless.send(`10000\r\n${chunk}\r\n`);
    for (const client of [announced, endless]) {
      await until(() => client.body !== undefined, 'there is an answer');
      expect([client.status, client.body.code]).toEqual([413, 'UPLOAD_TOO_LARGE']);
      client.leave();
    }
    await until(() => unfinished().length === 0, 'nothing is left');
  });

  it('whose client leaves in the middle, or while it is checked, adds nothing', async () => {
    const client = await RawClient.connect(server.port);
    client.send(`POST /v1/models/left/versions HTTP/1.1\r\nHost: x\r\nX-API-Key: admin-key\r\n`);
    client.send('Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: 90000\r\n\r\n');
    client.send('--XX\r\nContent-Disposition: form-data; name="file"; filename="m.onnx"\r\n\r\nhello');
    await until(() => unfinished().some((name) => name.startsWith('.uploading-')), 'it has begun');
    client.leave();
    await until(() => unfinished().length === 0, 'nothing is left');

    const leaving = new AbortController();
    const form = new FormData();
    form.append('file', new Blob([ONNX]), 'm.onnx');
    const path = `${server.url}/v1/models/left/versions`;
    const asked = fetch(path, { method: 'POST', body: form, headers: ADMIN, signal: leaving.signal }).catch(
      () => 'left',
    );
    await until(() => unfinished().some((name) => name.startsWith('.adding-')), 'it is being checked');
    leaving.abort();
    expect(await asked).toBe('left');
    await until(() => unfinished().length === 0, 'nothing is left');
    expect(readdirSync(registry.path)).not.toContain('left');
  });

  it('clears away what one left behind whose server was killed', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const left = unfinishedName('uploading').replace(`-${process.pid}-`, `-${pid}-`);
    mkdirSync(join(registry.path, left));
    await upload(MODEL, [['file', 'hello', 'no.onnx']]);
    expect(unfinished()).toEqual([]);
  });
});

describe('a registry that cannot be written', () => {
  // Root may write everywhere but where nothing can be written.
  const isRoot = process.getuid?.() === 0;
  const folder = mkdtempSync(join(tmpdir(), 'eyrie-read-only-'));
  const mount = (...args: string[]) => spawnSync('mount', [...args, folder]).status === 0;
  const isMounted = isRoot && mount('-t', 'tmpfs', 'tmpfs');
  for (const version of [1, 2]) writeVersion(folder, MODEL, version);
  const isReadOnly = isRoot ? isMounted && mount('-o', 'remount,ro') : (chmodSync(folder, 0o555), true);
  afterAll(() => {
    if (isMounted) spawnSync('umount', [folder]);
    else chmodSync(folder, 0o755);
    rmSync(folder, { recursive: true });
  });

  (isReadOnly ? it : it.skip)('says so before anything is uploaded, and when something is to be removed', async () => {
    const other = await startServer({ MODEL_REGISTRY: folder, ...KEYS });
    try {
      const client = await RawClient.connect(other.port);
      client.send(`POST /v1/models/m/versions HTTP/1.1\r\nHost: x\r\nX-API-Key: admin-key\r\n`);
      client.send('Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: 90000\r\n\r\n');
      await until(() => client.body !== undefined, 'there is an answer');
      expect([client.status, client.body.code]).toEqual([409, 'REGISTRY_READ_ONLY']);
      client.leave();
      const remove = { method: 'DELETE', headers: ADMIN };
      const removed = await request(`${other.url}/v1/models/${MODEL}/versions/1`, remove);
      expect(codeOf(removed)).toEqual([409, 'REGISTRY_READ_ONLY']);
    } finally {
      await other.stop();
    }
  });
});

describe('removing', () => {
  it('takes a version away that the policy does not name, and no other', async () => {
    await request(`${server.url}/v1/models/${MODEL}/aliases/champion`, {
      method: 'PUT',
      headers: { ...ADMIN, 'Content-Type': 'application/json' },
      body: '{"version":2}',
    });
    await call('POST', `/v1/models/${MODEL}/versions/1/load`);
    expect(codeOf(await call('DELETE', `/v1/models/${MODEL}/versions/2`))).toEqual([409, 'CONFLICT']);
    expect(codeOf(await call('DELETE', `/v1/models/${MODEL}/versions/9`))).toEqual([404, 'VERSION_NOT_FOUND']);
    expect(codeOf(await call('DELETE', `/v1/models/${MODEL}/versions/champion`))).toEqual([400, 'INVALID_REQUEST']);
    const gone = await call('DELETE', `/v1/models/${MODEL}/versions/1`);
    expect([gone.status, gone.body, versionsOnDisk(MODEL)]).toEqual([200, { model: MODEL, version: 1 }, ['2', '3']]);
    expect((await call('GET', `/v1/models/${MODEL}/versions/1`)).status).toBe(404);
    expect((await postImage(`${server.url}/v1/predict`, await randomPng())).status).toBe(200);
  });

  it('takes a model away, but not the last one', async () => {
    for (const { name } of (await call('GET', '/v1/models')).body.models as { name: string }[]) {
      if (name === MODEL) continue;
      expect((await call('DELETE', `/v1/models/${name}`)).status).toBe(200);
      expect((await call('GET', `/v1/models/${name}`)).status).toBe(404);
    }
    expect(codeOf(await call('DELETE', `/v1/models/${MODEL}`))).toEqual([409, 'CONFLICT']);
    expect(codeOf(await call('DELETE', '/v1/models/nobody'))).toEqual([404, 'MODEL_NOT_FOUND']);
    expect(readdirSync(registry.path)).toEqual([MODEL]);
  });
});

it('verifies the versions of a model beside those that serve', async () => {
  truncateSync(join(registry.path, MODEL, '3/model.onnx'), 10);
  const { status, body } = await call('POST', `/v1/models/${MODEL}/verify`);
  expect([status, body.findings]).toEqual([
    200,
    [
      { model: MODEL, ok: true, detail: expect.any(String) },
      { model: MODEL, version: 2, ok: true, detail: expect.any(String) },
      { model: MODEL, version: 3, ok: false, detail: expect.stringContaining('has 10 bytes') },
    ],
  ]);
  expect(readFileSync(join(registry.path, MODEL, 'policy.json'), 'utf8')).toContain('champion');
});
