import { appendFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { readPrivateKey, signVersion } from '#registry';
import { request } from '#testing/http';
import { MODEL, temporaryFolder, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { ServerProcess } from '#testing/server-process';
import { writeKeys } from '#testing/signing-keys';
import { writeVersion } from '#testing/onnx-classifier';
import { until } from '#testing/until';
import { createHash } from 'node:crypto';

const KEY = 'a key for this test';

let registry: TemporaryFolder;
let keys: TemporaryFolder;
let server: ServerProcess;
let sign: (model: string, version: number) => Promise<unknown>;
beforeAll(async () => {
  registry = temporaryRegistry({}, { seed: 2 });
  keys = temporaryFolder();
  const { privateKey, publicKey } = writeKeys(keys.path, 'own');
  const key = await readPrivateKey(privateKey);
  sign = (model, version) => signVersion(join(registry.path, model, String(version)), model, version, key);
  await sign(MODEL, 2);
  server = await ServerProcess.start({
    MODEL_REGISTRY: registry.path,
    MODEL_SIGNATURES: 'required',
    MODEL_PUBLIC_KEYS: publicKey,
    REGISTRY_POLL_SECONDS: '1',
    ADMIN_API_KEYS: createHash('sha256').update(KEY).digest('hex'),
  });
});
afterAll(async () => {
  await server.kill();
  for (const each of [registry, keys]) each.remove();
});

const ask = (method: string, path: string) =>
  request(`${server.url}${path}`, { method, headers: { 'X-API-Key': KEY } });
const version = async (model: string, number: number) => {
  const { body } = await ask('GET', `/v1/models/${model}`);
  const versions = (body.versions ?? []) as { version: number; state: string; reason?: string }[];
  return versions.find((each) => each.version === number);
};

it('serves what is signed, and has the rest FAILED for a reason that is told everywhere', async () => {
  const { status, body } = await ask('POST', `/v1/models/${MODEL}/versions/1/load`);
  expect([status, body.detail]).toEqual([409, expect.stringMatching(/it is not signed: there is no model\.sig/)]);
  expect(await version(MODEL, 1)).toMatchObject({
    state: 'FAILED',
    reason: expect.stringMatching(/^it is not signed/),
  });

  const verified = await ask('POST', `/v1/models/${MODEL}/verify`);
  const findings = verified.body.findings as { version?: number; ok: boolean; detail: string }[];
  expect(findings.filter((each) => each.version !== undefined)).toEqual([
    { model: MODEL, version: 1, ok: false, detail: expect.stringMatching(/^it is not signed/) },
    { model: MODEL, version: 2, ok: true, detail: expect.stringMatching(/^signature by [0-9a-f]{16}, checksum/) },
  ]);

  await sign(MODEL, 1);
  expect((await ask('POST', `/v1/models/${MODEL}/versions/1/load`)).body).toMatchObject({ state: 'READY' });
}, 60_000);

it('a model that is added is a problem until it is signed; what has been changed since is one again at the next load', async () => {
  writeVersion(registry.path, 'new', 1);
  await until(async () => (await version('new', 1))?.state === 'FAILED', 'it is refused', 30_000);
  // It is counted when the look at the registry is over, a little later.
  const metrics = async () => (await fetch(`${server.url}/metrics`)).text();
  await until(async () => /^registry_problems [1-9]/m.test(await metrics()), 'it is counted', 30_000);
  const ready = await request(`${server.url}/health/ready`);
  expect(ready.status).toBe(200);
  expect(JSON.stringify(server.log)).toMatch(/new.*version 1: it is not signed/);

  await sign('new', 1);
  await until(async () => (await version('new', 1))?.state === 'READY', 'it is served', 30_000);

  cpSync(join(registry.path, MODEL, '1'), join(registry.path, MODEL, '3'), { recursive: true });
  appendFileSync(join(registry.path, MODEL, '3/labels.txt'), 'one more\n');
  await until(async () => (await version(MODEL, 3)) !== undefined, 'it is found', 30_000);
  const { status, body } = await ask('POST', `/v1/models/${MODEL}/versions/3/load`);
  expect([status, body.detail]).toEqual([
    409,
    expect.stringMatching(/model\.json says pixels version 1 but lies in pixels\/3/),
  ]);
}, 120_000);
