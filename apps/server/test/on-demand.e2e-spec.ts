import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomPng } from '#testing/images';
import { postImage } from '#testing/http';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';

const MIB = 1024 * 1024;
let registry: TemporaryFolder;
let server: TestServer;

beforeEach(() => {
  registry = temporaryRegistry({}, {}, {}, {});
  writeFileSync(
    join(registry.path, MODEL, 'policy.json'),
    JSON.stringify({ revision: 1, aliases: { champion: 1 }, default: 'champion' }),
  );
});
afterEach(async () => {
  await server.stop();
  registry.remove();
});

const ask = async (version: number) => postImage(`${server.url}/v1/predict?version=${version}`, await randomPng());
const states = () => [1, 2, 3, 4].map((version) => server.version(version).state);

it('answers MODEL_NOT_READY for a version that is not loaded, unless it may be loaded on demand', async () => {
  server = await startServer({ MODEL_REGISTRY: registry.path });
  const { status, headers, body } = await ask(2);
  expect([status, body.code, body.detail]).toEqual([503, 'MODEL_NOT_READY', `${MODEL} version 2 is UNLOADED`]);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(states()).toEqual(['READY', 'UNLOADED', 'UNLOADED', 'UNLOADED']);
});

it('loads a version once for all requests that wait for it', async () => {
  server = await startServer({ MODEL_REGISTRY: registry.path, LOAD_ON_DEMAND: 'true' });
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(3)));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(answers.every(({ body }) => body.model.version === 3)).toBe(true);
  expect(server.log.filter(({ version, state }) => version === 3 && state === 'LOADING')).toHaveLength(1);
  expect(states()).toEqual(['READY', 'UNLOADED', 'READY', 'UNLOADED']);
});

it('unloads the version that was used the longest ago when memory is short, and never one that the policy names', async () => {
  server = await startServer({ MODEL_REGISTRY: registry.path });
  const oneVersion = server.version(1).rssBytes;
  expect(oneVersion).toBeGreaterThan(30 * MIB);
  await server.stop();

  const room = Math.round(3.4 * Math.max(oneVersion, 75 * MIB));
  server = await startServer({
    MODEL_REGISTRY: registry.path,
    LOAD_ON_DEMAND: 'true',
    LOAD_MEMORY_BYTES: String(room),
  });
  for (const version of [2, 3, 2]) expect((await ask(version)).status).toBe(200);
  expect(states()).toEqual(['READY', 'READY', 'READY', 'UNLOADED']);
  expect((await ask(4)).status).toBe(200);
  expect(states()).toEqual(['READY', 'READY', 'UNLOADED', 'READY']);
  // While versions come and go under each other's feet, everybody is answered.
  const all = await Promise.all([2, 3, 4, 1, 3, 2, 4, 1].map(ask));
  expect(all.map(({ status, body }) => [status, body.model?.version])).toEqual(
    [2, 3, 4, 1, 3, 2, 4, 1].map((version) => [200, version]),
  );
  expect(server.version(1).state).toBe('READY');
});

it('says how much memory is missing where there is nothing to unload', async () => {
  server = await startServer({
    MODEL_REGISTRY: registry.path,
    LOAD_ON_DEMAND: 'true',
    LOAD_MEMORY_BYTES: String(60 * MIB),
  });
  const { status, body } = await ask(2);
  expect([status, body.code]).toEqual([503, 'MODEL_NOT_READY']);
  expect(body.detail).toMatch(
    /version 2 needs about \d+ MiB; \d+ of 60 MiB are in use .*\(LOAD_MEMORY_BYTES=62914560\)/,
  );
  expect((await ask(1)).status).toBe(200);
});

it('is ready before a routed version is loaded when that one may be loaded on demand', async () => {
  server = await startServer({ MODEL_REGISTRY: registry.path, LOAD: 'explicit', LOAD_ON_DEMAND: 'true' });
  expect(states()).toEqual(['UNLOADED', 'UNLOADED', 'UNLOADED', 'UNLOADED']);
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  const { status, body } = await postImage(`${server.url}/v1/predict`, await randomPng());
  expect([status, body.model.version]).toEqual([200, 1]);
});

it('says why a version that cannot be loaded is not there, and does not try again for each request', async () => {
  writeFileSync(join(registry.path, MODEL, '2/labels.txt'), 'one\ntwo\n');
  server = await startServer({ MODEL_REGISTRY: registry.path, LOAD_ON_DEMAND: 'true' });
  for (let i = 0; i < 3; i++) {
    const { status, body } = await ask(2);
    expect([status, body.code]).toEqual([503, 'MODEL_NOT_READY']);
    expect(body.detail).toMatch(/version 2 is FAILED: .*labels\.txt/);
  }
  expect(server.log.filter(({ version, state }) => version === 2 && state === 'LOADING')).toHaveLength(1);
});

it('lets go of a request whose time is up while the version loads', async () => {
  server = await startServer({ MODEL_REGISTRY: registry.path, LOAD_ON_DEMAND: 'true', REQUEST_TIMEOUT_MS: '1' });
  const { status, body } = await ask(2);
  expect([status, body.code]).toEqual([503, 'MODEL_NOT_READY']);
  expect(body.detail).toMatch(/is being loaded/);
});
