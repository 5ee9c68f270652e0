import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { register } from 'prom-client';
import { RegistryUnreadableError } from '#registry';
import { temporaryFolder, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { writeKeys } from '#testing/signing-keys';
import { ServerProcess } from '#testing/server-process';
import { ConfigError, readConfig } from '../src/config';
import { createApp } from '../src/create-app';
import { createLogger } from '../src/log/logger';
import { StartError, StartUp } from '../src/start-up';

const folders: TemporaryFolder[] = [];
afterAll(() => folders.forEach((folder) => folder.remove()));

function keep(folder: TemporaryFolder): string {
  folders.push(folder);
  return folder.path;
}

/** Expects that the server, a process, gives up, and says why in one line. */
async function expectRefusal(env: Record<string, string>, reason: RegExp): Promise<void> {
  const server = await ServerProcess.spawn({ LOG_LEVEL: 'silent', ...env });
  expect(await server.exited).toBe(1);
  const lines = server.stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  // In the form of the log.
  const { level, message } = JSON.parse(lines[0]!) as { level: string; message: string };
  expect([level, message]).toEqual(['fatal', expect.stringMatching(/^eyrie cannot start: /)]);
  expect(message).toMatch(reason);
}

/** Why a server in this process does not start: the process says the same, for every kind of error. */
async function refusalOf(env: Record<string, string>): Promise<unknown> {
  try {
    const config = readConfig({ PORT: '0', HOST: '127.0.0.1', REGISTRY_TIMEOUT_MS: '60000', ...env });
    const app = await createApp(config, createLogger('test', 'silent', { write: () => undefined }));
    try {
      return await app.get(StartUp).loadModels();
    } finally {
      await app.close();
    }
  } catch (error) {
    return error;
  } finally {
    register.clear();
  }
}

/** A registry of one version, to which something has happened. */
function spoiled(spoil: (version: string) => void): Record<string, string> {
  const registry = keep(temporaryRegistry({}));
  spoil(join(registry, 'pixels/1'));
  return { MODEL_REGISTRY: registry };
}

describe('the server does not start, and says what to do, when', () => {
  it('the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expectRefusal({ PORT: String(port) }, new RegExp(`port ${port} is in use; stop .* or set PORT`));
    other.close();
  });

  it('the host is not one of this machine', async () => {
    await expectRefusal({ HOST: '192.0.2.1' }, /cannot listen on 192\.0\.2\.1/);
  });

  it('the registry is not there', async () => {
    await expectRefusal({ MODEL_REGISTRY: '/nowhere' }, /\/nowhere: it is not there; set MODEL_REGISTRY/);
  });

  it('a model file is damaged', async () => {
    const env = spoiled((version) => appendFileSync(join(version, 'model.onnx'), 'x'));
    await expectRefusal(env, /pixels version 1 .*model\.onnx .*copy/);
  });

  it('PORT is abc', async () => {
    await expectRefusal({ PORT: 'abc' }, /PORT .*"abc"/);
  });

  type Case = [what: string, env: () => Record<string, string>, kind: typeof StartError, why: RegExp];
  it.each<Case>([
    [
      'the registry is a file',
      () => ({ MODEL_REGISTRY: __filename }),
      RegistryUnreadableError,
      /not a folder; set MODEL_REGISTRY/,
    ],
    [
      'the registry is empty',
      () => ({ MODEL_REGISTRY: keep(temporaryFolder()) }),
      StartError,
      /no usable model .*set MODEL_REGISTRY/,
    ],
    [
      'MODEL_NAME names no model',
      () => ({ MODEL_NAME: 'nobody', MODEL_REGISTRY: keep(temporaryRegistry({})) }),
      StartError,
      /MODEL_NAME is "nobody"/,
    ],
    [
      'the device is a GPU, and what that needs is not there',
      () => ({ MODEL_DEVICE: 'cuda', MODEL_REGISTRY: keep(temporaryRegistry({})) }),
      StartError,
      /pixels version 1 .*MODEL_DEVICE is cuda, which needs an NVIDIA GPU .*set it to cpu/,
    ],
    [
      'a model file is missing',
      () => spoiled((version) => rmSync(join(version, 'model.onnx'))),
      StartError,
      /pixels version 1 .*model\.onnx is missing/,
    ],
    [
      'a manifest is broken',
      () => spoiled((version) => writeFileSync(join(version, 'model.json'), '{')),
      StartError,
      /pixels version 1 .*model\.json/,
    ],
    [
      'a model is not signed, and must be',
      () => ({
        MODEL_REGISTRY: keep(temporaryRegistry({})),
        MODEL_SIGNATURES: 'required',
        MODEL_PUBLIC_KEYS: writeKeys(keep(temporaryFolder()), 'own').publicKey,
      }),
      StartError,
      /pixels version 1 .*it is not signed/,
    ],
    [
      'a public key is not there',
      () => ({ MODEL_REGISTRY: keep(temporaryRegistry({})), MODEL_PUBLIC_KEYS: '/nowhere.pub' }),
      ConfigError,
      /MODEL_PUBLIC_KEYS: .* \/nowhere\.pub: it is not there/,
    ],
    [
      'something is passed over, and all is required',
      () => ({ ...spoiled((version) => mkdirSync(join(version, '../v2'))), REQUIRE: 'all' }),
      StartError,
      /pixels\/v2 is passed over.*; 2 would do/,
    ],
    [
      'no model can be served, though any would do',
      () => ({ ...spoiled((version) => truncateSync(join(version, 'model.onnx'), 10)), REQUIRE: 'any' }),
      StartError,
      /none of the models in .* can be served/,
    ],
    ['MAX_IMAGE_BYTES is 10MB', () => ({ MAX_IMAGE_BYTES: '10MB' }), ConfigError, /MAX_IMAGE_BYTES .*"10MB"/],
  ])('%s', async (_, env, kind, why) => {
    const refusal = await refusalOf(env());
    expect(refusal).toBeInstanceOf(kind);
    expect((refusal as Error).message).toMatch(why);
  });
});

it('and says so in words for people where LOG_FORMAT asks for them', async () => {
  const server = await ServerProcess.spawn({ LOG_FORMAT: 'pretty', REDIS_URL: 'redis://me:hunter2/7@host' });
  expect(await server.exited).toBe(1);
  expect(server.stderr).toMatch(/^\[[\d:.]+\] FATAL: eyrie cannot start: REDIS_URL must be .*\n$/);
  expect(server.stderr).not.toContain('hunter2');
});
