import { randomUUID } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf } from '#testing/children';
import { postImage, RawClient, request, sample } from '#testing/http';
import { copyOfBundledModel, temporaryRegistry } from '#testing/registry';
import { until } from '#testing/until';
import { ServerProcess } from '#testing/server-process';

const CLIENTS = 16;
const ship = sample('ship.png');

/** Of one small version: starts sooner than the bundled models. */
const registry = temporaryRegistry({});
const SMALL = { MODEL_REGISTRY: registry.path };
/** Of three versions and four workers, and knows a ship. */
const ships = copyOfBundledModel('resnet-cifar10');
const SHIPS = { MODEL_REGISTRY: ships.path };

let server: ServerProcess;
afterEach(() => server.kill());
afterAll(() => {
  registry.remove();
  ships.remove();
});

/** What became of a request: answered, or not even accepted, or lost. */
type Outcome = { status: number; label?: string; detail?: string } | { refused: string } | { lost: string; id: string };

function predict(agent: Agent): Promise<Outcome> {
  const id = randomUUID();
  return new Promise((resolve) => {
    const post = httpRequest(
      `${server.url}/v1/predict`,
      {
        method: 'POST',
        agent,
        headers: { 'Content-Type': 'image/png', 'Content-Length': ship.length, 'X-Request-Id': id },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', (error) => resolve({ lost: `in the middle of the answer: ${error.message}`, id }));
        response.on('end', () => {
          const { predictions, detail } = JSON.parse(text) as { predictions?: { label: string }[]; detail?: string };
          resolve({ status: response.statusCode!, label: predictions?.[0]?.label, detail });
        });
      },
    );
    post.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? { refused: error.code } : { lost: error.message, id }),
    );
    post.end(ship);
  });
}

/** Clients that send one request after the other, on connections that they keep, until they are told to stop. */
function startClients(): { stop: () => Promise<Outcome[]>; answered: () => number } {
  const outcomes: Outcome[] = [];
  let stopped = false;
  const clients = Array.from({ length: CLIENTS }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!stopped) {
      const outcome = await predict(agent);
      outcomes.push(outcome);
      if ('refused' in outcome) break;
    }
    agent.destroy();
  });
  return {
    answered: () => outcomes.length,
    stop: async () => {
      stopped = true;
      await Promise.all(clients);
      return outcomes;
    },
  };
}

const isAnswer = (outcome: Outcome) => 'status' in outcome && outcome.status === 200 && outcome.label === 'ship';

const ENTRIES = { worker: 'tasks/src/worker/main.js', storage: 'stores/process/main.js' };
/** The processes of the server, by the kernel's own account. */
const workerPids = () => childrenOf(server.child.pid!, ENTRIES.worker);
const storagePids = () => childrenOf(server.child.pid!, ENTRIES.storage);

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('kill -9 of every worker, one after another', () => {
  it(`costs none of ${CLIENTS} clients an answer`, async () => {
    server = await ServerProcess.start(SHIPS);
    const first = workerPids();
    expect(first.length).toBeGreaterThanOrEqual(3);
    const clients = startClients();
    await until(() => clients.answered() > 50, 'the load is on');
    for (const pid of first) {
      process.kill(pid, 'SIGKILL');
      // By one more than there were, for a while: a spare.
      await until(() => workerPids().length >= first.length && !isAlive(pid), 'it is replaced');
      const before = clients.answered();
      await until(() => clients.answered() > before + 30, 'the service serves');
    }
    const outcomes = await clients.stop();
    expect(outcomes.filter((outcome) => !isAnswer(outcome))).toEqual([]);
    expect(workerPids().some((pid) => first.includes(pid))).toBe(false);
    await until(async () => {
      const { text } = await request(`${server.url}/metrics`);
      const restarts = [...text.matchAll(/^inference_worker_restarts_total\{.*\} (\d+)$/gm)];
      return restarts.reduce((sum, [, count]) => sum + Number(count), 0) === first.length;
    }, 'the metrics have counted them');
  });
});

describe('SIGTERM', () => {
  it(`under the load of ${CLIENTS} clients: what was accepted is answered, then no connection is, then exit 0`, async () => {
    server = await ServerProcess.start(SHIPS);
    const [workers, storage] = [workerPids(), storagePids()];
    expect(workers.length).toBeGreaterThanOrEqual(3);
    expect(storage).toHaveLength(1);
    const clients = startClients();
    await until(() => clients.answered() > 50, 'the load is on');
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    const outcomes = await clients.stop();
    // The kernel takes connections before the server does, and resets those that it has not taken when it ends: where the
    // machine is busy there may be one. What the server knows of must not be lost.
    const seen = new Set(server.log.map((line) => line.request_id));
    expect(outcomes.filter((outcome) => 'lost' in outcome && seen.has(outcome.id))).toEqual([]);
    expect(outcomes.filter((outcome) => 'lost' in outcome).length).toBeLessThanOrEqual(2);
    expect(outcomes.filter((outcome) => 'refused' in outcome)).toHaveLength(CLIENTS);
    expect(outcomes.filter((outcome) => 'status' in outcome && !isAnswer(outcome))).toEqual([]);
    expect(workers.filter(isAlive)).toEqual([]);
    // It may write until the very end, and ends with the server.
    await until(() => !storage.some(isAlive), 'nothing reads the registry any more');
    const statuses = server.log.filter((line) => line.path === '/v1/predict').map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(server.log.at(-1)!.message).toBe('bye');
    expect(server.stderr).toBe('');
  });

  it('turns ready to 503 and still accepts for SHUTDOWN_DELAY_MS, with Connection: close', async () => {
    server = await ServerProcess.start({ ...SMALL, SHUTDOWN_DELAY_MS: '1500' });
    server.child.kill('SIGTERM');
    await until(async () => (await request(`${server.url}/health/ready`)).status === 503, 'it is not ready');
    expect((await request(`${server.url}/health/live`)).status).toBe(200);
    const { status, headers } = await postImage(`${server.url}/v1/predict`, ship);
    expect([status, headers.get('connection')]).toEqual([200, 'close']);
    expect(server.ended).toBe(false);
    expect(await server.exited).toBe(0);
    await expect(request(`${server.url}/health/live`)).rejects.toThrow();
  });

  it('does not wait for connections that are idle or never said anything', async () => {
    server = await ServerProcess.start(SMALL);
    const silent = await RawClient.connect(server.port);
    const idle = await RawClient.connect(server.port);
    idle.send('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => idle.status === 200, 'it is answered');
    const started = performance.now();
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    expect(performance.now() - started).toBeLessThan(3_000);
    silent.leave();
    idle.leave();
  });

  it('waits for an upload that has begun, but no longer than SHUTDOWN_GRACE_MS', async () => {
    server = await ServerProcess.start({ ...SMALL, SHUTDOWN_GRACE_MS: '6000' });
    const head = `POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: ${ship.length}\r\n\r\n`;
    const slow = await RawClient.connect(server.port);
    const stuck = await RawClient.connect(server.port);
    slow.send(head);
    stuck.send(head);
    await sleep(100);
    const started = performance.now();
    server.child.kill('SIGTERM');
    await sleep(1_000);
    slow.send(ship);
    await until(() => slow.body !== undefined, 'it is answered');
    expect(slow.body.predictions).toHaveLength(5);
    expect(await server.exited).toBe(0);
    expect(performance.now() - started).toBeLessThan(8_000);
    expect(stuck.status).toBe(0);
    expect(server.log.some(({ message }) => /SHUTDOWN_GRACE_MS/.test(String(message)))).toBe(true);
  });

  it('twice, or with Ctrl-C on top, ends no sooner and no worse', async () => {
    server = await ServerProcess.start(SMALL);
    for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT'] as const) server.child.kill(signal);
    expect(await server.exited).toBe(0);
  });

  it('while it still starts ends it as well', async () => {
    server = await ServerProcess.spawn(SMALL);
    await until(() => server.log.some(({ state }) => state === 'LOADING'), 'it loads');
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    expect(workerPids()).toEqual([]);
  });
});

describe('the death of the server by force', () => {
  it('leaves no process behind', async () => {
    server = await ServerProcess.start(SMALL);
    const pids = [...workerPids(), ...storagePids()];
    await server.kill();
    await until(() => !pids.some(isAlive), 'the workers have gone');
  });
});
