import { createHash } from 'node:crypto';
import { request, type Answer } from '#testing/http';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';

let registry: TemporaryFolder;
let server: TestServer;

beforeAll(async () => {
  registry = temporaryRegistry({}, {});
  const digest = createHash('sha256').update('admin-key').digest('hex');
  server = await startServer({ MODEL_REGISTRY: registry.path, ADMIN_API_KEYS: `ops:${digest}` });
  await call('PUT', 'policy', { aliases: { champion: 1 }, default: 'champion' });
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  request(`${server.url}/v1/models/${MODEL}/${path}`, {
    method,
    headers: {
      'X-API-Key': 'admin-key',
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
const done = async (path: string, body?: unknown) => {
  const { status, body: policy } = await call('POST', `policy/${path}`, body);
  expect([path, status]).toEqual([path, 200]);
  return policy;
};

it('a canary is started, weighed, promoted and aborted, each as one change that says who made it', async () => {
  const started = await done('canary/start', { version: 2, weight: 10, guard: { min_requests: 7 } });
  expect(started).toMatchObject({
    variants: [
      { name: 'control', version: 'champion', weight: 90 },
      { name: 'canary', version: 2, weight: 10 },
    ],
    guard: { variant: 'canary', min_requests: 7, window_s: 60, steps: [5, 25, 50, 100] },
  });
  expect((await done('canary/weight', { weight: 30 })).variants).toMatchObject([{ weight: 70 }, { weight: 30 }]);
  expect(await done('canary/abort')).toEqual({ revision: 4, aliases: { champion: 1 }, default: 'champion' });
  await done('shadow/start', { version: 2, percent: 20 });
  await done('canary/start', { version: 2, weight: 10 });
  expect((await done('canary/abort', { keep_shadow: true })).shadows).toEqual([{ version: 2, percent: 20 }]);
  await done('canary/start', { version: 2, weight: 10 });
  expect(await done('canary/abort', { keep_shadow: false })).not.toHaveProperty('shadows');
  await done('canary/start', { version: 2, weight: 10 });
  expect(await done('canary/promote')).toEqual({ revision: 11, aliases: { champion: 2 }, default: 'champion' });
  const change = `set the canary of ${MODEL} to 30%`;
  expect(server.log).toContainEqual(expect.objectContaining({ change, key_id: 'ops' }));
});

it('a shadow is started and stopped', async () => {
  expect((await done('shadow/start', { version: 1, percent: 20 })).shadows).toEqual([{ version: 1, percent: 20 }]);
  expect(await done('shadow/stop', { version: 1 })).not.toHaveProperty('shadows');
  const none = await call('POST', 'policy/shadow/stop');
  expect([none.status, none.body.code, none.body.detail]).toEqual([409, 'CONFLICT', 'there is no shadow']);
});

it('what there was is told, newest first', async () => {
  const { status, body } = await call('GET', 'policy/history');
  expect(status).toBe(200);
  expect(body.revisions.map(({ revision }: { revision: number }) => revision)).toEqual([
    13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
  ]);
  expect(body.revisions[2].policy).toMatchObject({ revision: 11, aliases: { champion: 2 } });
});

it.each<[path: string, body: unknown, field: RegExp]>([
  ['canary/start', { weight: 10 }, /version must be given/],
  ['canary/start', { version: 2, weight: 101 }, /weight must not be greater than 100/],
  ['canary/start', { version: 2, weight: 10, guard: { window_s: 0.5 } }, /guard\.window_s/],
  ['canary/start', { version: 2, weight: 10, colour: 'red' }, /colour/],
  ['canary/weight', {}, /weight/],
  ['shadow/start', { version: 2 }, /percent/],
  ['shadow/start', { version: 9, percent: 1 }, /version 9/],
])('%s with %j is refused, with the name of what is wrong', async (path, body, reason) => {
  const answer = await call('POST', `policy/${path}`, body);
  expect([answer.status, answer.body.code]).toEqual([400, 'INVALID_REQUEST']);
  expect(answer.body.detail).toMatch(reason);
});

it('a change that builds on another revision than the last is refused', async () => {
  const late = await call('POST', 'policy/canary/start', { version: 1, weight: 10 }, { 'If-Match': '"2"' });
  expect([late.status, late.body.code]).toEqual([412, 'PRECONDITION_FAILED']);
});
