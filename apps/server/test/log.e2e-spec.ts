import { existsSync } from 'node:fs';
import { childrenOf } from '#testing/children';
import { postImage, RawClient, request, sample } from '#testing/http';
import { temporaryRegistry } from '#testing/registry';
import { ServerProcess } from '#testing/server-process';
import { until } from '#testing/until';

const GRACE_MS = 6_000;

const registry = temporaryRegistry({});
let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start({
    MODEL_REGISTRY: registry.path,
    SHUTDOWN_GRACE_MS: String(GRACE_MS),
    LOG_LEVEL: 'debug',
  });
});
afterAll(async () => {
  await server.kill();
  registry.remove();
});

const lost = async () =>
  Number(/^log_lines_lost_total (\d+)/m.exec((await request(`${server.url}/metrics`)).text)?.[1]);

/** A line of up to 3 KB for each. */
async function logMuch(requests: number): Promise<void> {
  const path = `/health/${'x'.repeat(2_900)}`;
  for (let i = 0; i < requests; i += 50) {
    await Promise.all(Array.from({ length: 50 }, () => request(server.url + path)));
  }
}

it('a reader of the log that stops costs lines, which are counted and told when it goes on', async () => {
  server.child.stdout!.pause();
  await logMuch(600);
  expect(await lost()).toBeGreaterThan(0);
  expect((await postImage(`${server.url}/v1/predict`, sample('ship.png'))).status).toBe(200);
  server.child.stdout!.resume();
  const told = () => server.log.find(({ message }) => /lines of the log have been lost/.test(String(message)));
  await until(() => told() !== undefined, 'the log says so');
  expect(told()).toMatchObject({ level: 'warn', lines: await lost(), reason: 'nobody read them' });
});

it('one that goes costs nothing else, and neither it nor a worker that hangs nor an upload keeps the server from ending in time', async () => {
  server.child.stdout!.destroy();
  await logMuch(600);
  const upload = await RawClient.connect(server.port);
  upload.send('POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 99\r\n\r\nx');
  const { text } = await request(`${server.url}/metrics`);
  expect(text).toContain('log_lines_lost_total');
  const { pid } = server.child;
  const workers = childrenOf(pid!, 'worker/main.js');
  expect(workers).toHaveLength(1);
  process.kill(workers[0]!, 'SIGSTOP');
  const asked = postImage(`${server.url}/v1/predict`, sample('ship.png')).catch(() => 'cut');
  const ended = new Promise((resolve) => server.child.once('exit', resolve));
  const started = performance.now();
  server.child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(performance.now() - started).toBeLessThan(GRACE_MS + 1_000);
  await asked;
  await until(() => !existsSync(`/proc/${workers[0]}`), 'the worker has ended, too');
  upload.leave();
});
