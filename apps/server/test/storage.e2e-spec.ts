import { createHash } from 'node:crypto';
import { childrenOf } from '#testing/children';
import { postImage, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { ServerProcess } from '#testing/server-process';
import { until } from '#testing/until';

const KEY = 'a key for this test';

let registry: TemporaryFolder;
let server: ServerProcess;
let hanging: NodeJS.Timeout | undefined;
beforeAll(async () => {
  registry = temporaryRegistry({});
  server = await ServerProcess.start({
    MODEL_REGISTRY: registry.path,
    REGISTRY_TIMEOUT_MS: '400',
    REGISTRY_POLL_SECONDS: '1',
    ADMIN_API_KEYS: createHash('sha256').update(KEY).digest('hex'),
  });
});
afterAll(async () => {
  clearInterval(hanging);
  await server.kill();
  registry.remove();
});

const storageProcesses = () => childrenOf(server.child.pid!, 'stores/process/main.js');

function signalAll(signal: NodeJS.Signals): void {
  for (const pid of storageProcesses()) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has been ended meanwhile.
    }
  }
}

/** Whatever asks the disk stops, as it does where a network file system is away. */
function hang(): void {
  hanging = setInterval(() => signalAll('SIGSTOP'), 20);
}

const setAlias = () =>
  request(`${server.url}/v1/models/${MODEL}/aliases/champion`, {
    method: 'PUT',
    headers: { 'X-API-Key': KEY, 'Content-Type': 'application/json' },
    body: JSON.stringify({ version: 1 }),
  });
const storageProblem = async () => {
  const { status, body } = await request(`${server.url}/health/ready`);
  expect(status).toBe(200);
  return (body.info as { registry: { problem?: string } }).registry.problem;
};

it('while the storage hangs, predictions are answered, changes are refused in time, and it is said', async () => {
  expect(await storageProblem()).toBeUndefined();
  hang();
  await until(async () => (await storageProblem()) !== undefined, 'the problem is known');
  expect((await postImage(`${server.url}/v1/predict`, await randomPng())).status).toBe(200);
  const since = performance.now();
  const refused = await setAlias();
  expect([refused.status, refused.body.code]).toEqual([503, 'REGISTRY_UNAVAILABLE']);
  // Long before a process that asks the disk counts as one that does not start.
  expect(performance.now() - since).toBeLessThan(20_000);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(Number(/^registry_storage_failures_total\{failure="timeout"\} (\d+)/m.exec(metrics)?.[1])).toBeGreaterThan(0);
  expect(metrics).toMatch(/^registry_problems [1-9]/m);
});

it('when it answers again, all is as before', async () => {
  clearInterval(hanging);
  signalAll('SIGCONT');
  await until(async () => (await storageProblem()) === undefined, 'it answers again');
  await until(async () => (await setAlias()).status === 200, 'the change is made');
});

it('a server whose storage hangs ends when it is told to, and leaves nothing behind', async () => {
  hang();
  await until(async () => (await storageProblem()) !== undefined, 'the problem is known');
  const before = storageProcesses();
  server.child.kill('SIGTERM');
  expect(await server.exited).toBe(0);
  const isAlive = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  await until(() => !before.some(isAlive), 'its processes are gone');
});
