import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from '../container.mjs';
import { Load } from '../load.mjs';
import { demand, promise } from '../promise.mjs';
import { rollingUpdate } from '../rolling-update.mjs';

const CLIENTS = 16;
const ROLLING_REQUESTS = 20_000;
/** Of the Dockerfile's HEALTHCHECK. */
const START_PERIOD_MS = 30_000;

export async function terminated(server, ship) {
  await promise('SIGTERM under load: exits with 0, and no accepted request fails', async () => {
    let stopping = false;
    const load = new Load({ ...ship, url: server.url + ship.path }, CLIENTS);
    const running = load.run(
      () => load.failed > 100,
      () => stopping,
    );
    while (load.answered < 400 && load.failed === 0) await sleep(50);
    const before = load.answered;
    stopping = true;
    await server.signal('TERM');
    const code = await server.exited();
    await running;
    demand(load.failed === 0, `${load.failed} failed: ${JSON.stringify([...load.failures])}`);
    demand(code === 0, `it exited with ${code}`);
    return `${load.answered} answered, ${load.answered - before} of them after SIGTERM`;
  });
}

export async function health(image) {
  await promise('the health check tells a server that serves from one that hangs', async () => {
    const server = await Container.start(image);
    try {
      await server.ready();
      const state = () => server.inspect('{{.State.Health.Status}}');
      demand((await server.checkHealth()) === 0 && (await state()) === 'healthy', `ready, but ${await state()}`);
      // Failures do not count before that.
      await sleep(START_PERIOD_MS);
      const pid = 'cat /proc/1/task/1/children';
      await server.sh(`kill -STOP $(${pid})`);
      for (let i = 0; i < 3; i++) demand((await server.checkHealth()) !== 0, 'it passes although the server hangs');
      demand((await state()) === 'unhealthy', `the server hangs, but it is ${await state()}`);
      await server.sh(`kill -CONT $(${pid})`);
      demand(
        (await server.checkHealth()) === 0 && (await state()) === 'healthy',
        `it goes on, but is ${await state()}`,
      );
      return 'healthy → unhealthy (SIGSTOP) → healthy (SIGCONT)';
    } finally {
      await server.remove();
    }
  });
}

export async function rolling(before, after, ship) {
  await promise(
    `a rolling update behind nginx under ${CLIENTS} clients: 0 of ${ROLLING_REQUESTS} requests fail`,
    async () => {
      const {
        load,
        commits: seen,
        secondsPerContainer,
      } = await rollingUpdate(before.image, after.image, ship, ROLLING_REQUESTS, CLIENTS);
      demand(load.failed === 0, `${load.failed} failed: ${JSON.stringify([...load.failures])}`);
      demand(seen[0] === before.commit && seen[1] === after.commit, `the commits were ${seen.join(', then ')}`);
      const pauses = secondsPerContainer.map((seconds) => `${seconds.toFixed(1)} s`).join(' and ');
      return `${load.answered} answered in ${load.seconds.toFixed(0)} s; replaced after ${pauses}`;
    },
  );
}
