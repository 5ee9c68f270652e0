import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { postImage, request, sample } from '#testing/http';
import { REPOSITORY, temporaryRegistry, until } from '#testing/server';
import { freePort } from '#testing/server-process';

it('the Procfile serves on the PORT that a platform gives, and ends when the whole dyno gets SIGTERM', async () => {
  const [, command] = /^web: (.+)$/m.exec(readFileSync(join(REPOSITORY, 'Procfile'), 'utf8'))!;
  const registry = temporaryRegistry({});
  const port = await freePort();
  // A platform's shell, in a process group of its own, all of which is told to end.
  const dyno = spawn('bash', ['-c', command!], {
    cwd: REPOSITORY,
    env: { PATH: process.env.PATH, PORT: String(port), MODEL_REGISTRY: registry.path },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  const exited = new Promise<unknown>((resolve) => dyno.once('exit', (code, signal) => resolve(code ?? signal)));
  try {
    const url = `http://127.0.0.1:${port}`;
    const isReady = async () => (await request(`${url}/health/ready`).catch(() => ({ status: 0 }))).status === 200;
    await until(isReady, 'it is ready', 60_000);
    expect((await postImage(`${url}/v1/predict`, sample('ship.png'))).status).toBe(200);
    process.kill(-dyno.pid!, 'SIGTERM');
    expect(await exited).toBe(0);
  } finally {
    if (dyno.exitCode === null && dyno.signalCode === null) process.kill(-dyno.pid!, 'SIGKILL');
    registry.remove();
  }
}, 120_000);
