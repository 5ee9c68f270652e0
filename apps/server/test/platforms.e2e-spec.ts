import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { postImage, request, sample } from '#testing/http';
import { REPOSITORY, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { until } from '#testing/until';
import { freePort } from '#testing/server-process';

let registry: TemporaryFolder;
let url: string;
let started: ChildProcess;
let exited: Promise<number | string | null>;

/** In a process group of its own, as a platform's shell starts it, and waits until it is ready. */
async function start(command: string, ...args: string[]): Promise<void> {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  started = spawn(command, args, {
    cwd: REPOSITORY,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port), MODEL_REGISTRY: registry.path },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  exited = new Promise((resolve) => started.once('exit', (code, signal) => resolve(code ?? signal)));
  await until(async () => (await statusOf('/health/ready')) === 200, 'it is ready', 60_000);
}

const statusOf = async (path: string) => (await request(url + path).catch(() => ({ status: 0 }))).status;

beforeEach(() => {
  registry = temporaryRegistry({});
});
afterEach(() => {
  try {
    process.kill(-started.pid!, 'SIGKILL');
  } catch {
    // All of the group has ended, as it should.
  }
  registry.remove();
});

it('the Procfile serves on the PORT that a platform gives, and ends when the whole dyno gets SIGTERM', async () => {
  const [, command] = /^web: (.+)$/m.exec(readFileSync(join(REPOSITORY, 'Procfile'), 'utf8'))!;
  await start('bash', '-c', command!);
  expect((await postImage(`${url}/v1/predict`, sample('ship.png'))).status).toBe(200);
  process.kill(-started.pid!, 'SIGTERM');
  expect(await exited).toBe(0);
});

it('leaves no server behind when only npm is told to end', async () => {
  await start('npm', 'start');
  process.kill(started.pid!, 'SIGTERM');
  await exited;
  await until(async () => (await statusOf('/health/live')) === 0, 'the server has ended', 20_000);
});
