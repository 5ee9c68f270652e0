import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { copyOfBundledRegistry, temporaryFolder, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { writeKeys } from '#testing/signing-keys';
import { ServerProcess } from '#testing/server-process';

const folders: TemporaryFolder[] = [];
afterAll(() => folders.forEach((folder) => folder.remove()));

function keep(folder: TemporaryFolder): string {
  folders.push(folder);
  return folder.path;
}

/** Expects that the server gives up, and says why in one line. */
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

  it('the registry is a file', async () => {
    await expectRefusal({ MODEL_REGISTRY: __filename }, /not a folder; set MODEL_REGISTRY/);
  });

  it('the registry is empty', async () => {
    await expectRefusal({ MODEL_REGISTRY: keep(temporaryFolder()) }, /no usable model .*set MODEL_REGISTRY/);
  });

  it('MODEL_NAME names no model', async () => {
    await expectRefusal(
      { MODEL_NAME: 'nobody', MODEL_REGISTRY: keep(temporaryRegistry({})) },
      /MODEL_NAME is "nobody"/,
    );
  });

  it('the device is a GPU, and what that needs is not there', async () => {
    const env = { MODEL_DEVICE: 'cuda', MODEL_REGISTRY: keep(temporaryRegistry({})) };
    await expectRefusal(env, /pixels version 1 .*MODEL_DEVICE is cuda, which needs an NVIDIA GPU .*set it to cpu/);
  });

  it('a model file is damaged', async () => {
    const registry = keep(copyOfBundledRegistry());
    appendFileSync(join(registry, 'resnet-cifar10/2/model.onnx'), 'x');
    await expectRefusal({ MODEL_REGISTRY: registry }, /resnet-cifar10 version 2 .*model\.onnx .*copy/);
  });

  it('a model file is missing', async () => {
    const registry = keep(copyOfBundledRegistry());
    rmSync(join(registry, 'resnet-cifar10/2/model.onnx'));
    await expectRefusal({ MODEL_REGISTRY: registry }, /resnet-cifar10 version 2 .*model\.onnx is missing/);
  });

  it('a manifest is broken', async () => {
    const registry = keep(temporaryRegistry({}));
    writeFileSync(join(registry, 'pixels/1/model.json'), '{');
    await expectRefusal({ MODEL_REGISTRY: registry }, /pixels version 1 .*model\.json/);
  });

  it('a model is not signed, and must be', async () => {
    const folder = keep(temporaryFolder());
    const env = { MODEL_SIGNATURES: 'required', MODEL_PUBLIC_KEYS: writeKeys(folder, 'own').publicKey };
    await expectRefusal({ MODEL_REGISTRY: keep(temporaryRegistry({})), ...env }, /pixels version 1 .*it is not signed/);
  });

  it('a public key is not there', async () => {
    await expectRefusal({ MODEL_PUBLIC_KEYS: '/nowhere.pub' }, /MODEL_PUBLIC_KEYS: .* \/nowhere\.pub: it is not there/);
  });

  it('something is passed over, and all is required', async () => {
    const registry = keep(temporaryRegistry({}));
    mkdirSync(join(registry, 'pixels/v2'));
    await expectRefusal({ MODEL_REGISTRY: registry, REQUIRE: 'all' }, /pixels\/v2 is passed over.*; 2 would do/);
  });

  it('no model can be served, though any would do', async () => {
    const registry = keep(temporaryRegistry({}));
    truncateSync(join(registry, 'pixels/1/model.onnx'), 10);
    await expectRefusal({ MODEL_REGISTRY: registry, REQUIRE: 'any' }, /none of the models in .* can be served/);
  });

  it.each([
    ['PORT', 'abc'],
    ['MAX_IMAGE_BYTES', '10MB'],
  ])('%s is %s', async (name, value) => {
    await expectRefusal({ [name]: value }, new RegExp(`${name} .*"${value}"`));
  });
});

it('and says so in words for people where LOG_FORMAT asks for them', async () => {
  const server = await ServerProcess.spawn({ LOG_FORMAT: 'pretty', REDIS_URL: 'redis://me:hunter2/7@host' });
  expect(await server.exited).toBe(1);
  expect(server.stderr).toMatch(/^\[[\d:.]+\] FATAL: eyrie cannot start: REDIS_URL must be .*\n$/);
  expect(server.stderr).not.toContain('hunter2');
});
