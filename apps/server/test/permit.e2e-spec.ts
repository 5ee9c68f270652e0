import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelRegistry } from '#registry';
import { postImage, RawClient } from '#testing/http';
import { randomPng } from '#testing/images';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

const SMALL = { workers: 1, threads: 1, maxBatch: 1, maxQueue: 1 };
const ROOMY = { workers: 1, threads: 1 };

let registry: TemporaryFolder;
let server: TestServer;
let image: Buffer;
let revision: number;

beforeEach(async () => {
  registry = temporaryRegistry({ manifest: { runtime: SMALL } }, { manifest: { runtime: ROOMY } }, {});
  image = await randomPng();
  revision = 0;
  split(1, 2);
  server = await startServer({ MODEL_REGISTRY: registry.path, REGISTRY_POLL_SECONDS: '0' });
});
afterEach(async () => {
  await server.stop();
  registry.remove();
});

function writePolicy(policy: object): void {
  const path = join(registry.path, MODEL, 'policy.json');
  writeFileSync(path, JSON.stringify({ revision: ++revision, aliases: {}, default: 2, ...policy }));
}

/** 50/50. */
function split(control: number, canary: number): void {
  writePolicy({
    default: control,
    variants: [
      { name: 'control', version: control, weight: 50 },
      { name: 'canary', version: canary, weight: 50 },
    ],
  });
}

const ask = (headers: Record<string, string> = {}) => postImage(`${server.url}/v1/predict`, image, headers);

describe('without a routing key', () => {
  it('a variant that is full costs only its own share of the requests', async () => {
    const predictor = server.version(1).predictor!;
    const [pid] = predictor.workers.pids;
    const statuses: number[] = [];
    // In rounds: a worker that is still for seconds is taken for hung.
    while (statuses.length < 400) {
      process.kill(pid!, 'SIGSTOP');
      const filling = Array.from({ length: 3 }, () => postImage(`${server.url}/v1/predict?version=1`, image));
      try {
        await until(() => predictor.queueDepth === SMALL.maxQueue, 'the queue of one variant is full');
        const answers = await Promise.all(Array.from({ length: 40 }, () => ask()));
        statuses.push(...answers.map(({ status }) => status));
      } finally {
        process.kill(pid!, 'SIGCONT');
        await Promise.all(filling);
      }
    }
    // Half, by more than four standard deviations; where two keys are drawn it is a quarter.
    const answered = statuses.filter((status) => status === 200).length;
    expect(answered).toBeGreaterThan(0.4 * statuses.length);
    expect(answered).toBeLessThan(0.6 * statuses.length);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
  });

  it.each([
    ['empty', ''],
    ['blank', ' \t '],
  ])('is who sends an %s one: such requests are split, too', async (_, key) => {
    const variants = new Set<string | null>();
    for (let i = 0; i < 40; i++) variants.add((await ask({ 'X-Routing-Key': key })).headers.get('x-model-variant'));
    expect([...variants].sort()).toEqual(['canary', 'control']);
  });
});

describe('a policy that changes while a body is still coming', () => {
  const refresh = () => server.app.get(ModelRegistry).refresh();

  /** Sends half of the image, does `what`, and sends the rest. */
  async function during(what: () => Promise<void>, headers = ''): Promise<RawClient> {
    const client = await RawClient.connect(server.port);
    const length = `Content-Type: image/png\r\nContent-Length: ${image.length}`;
    client.send(`POST /v1/predict HTTP/1.1\r\nHost: x\r\n${headers}${length}\r\n\r\n`);
    client.send(image.subarray(0, 20));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await what();
    client.send(image.subarray(20));
    await until(() => client.body !== undefined, 'there is an answer');
    client.leave();
    return client;
  }

  it('costs no request: who was to be answered by a version that is gone is answered by another', async () => {
    writePolicy({ default: 2 });
    await refresh();
    const { status, body } = await during(async () => {
      writePolicy({ default: 3 });
      await refresh();
      await until(() => server.version(2).state === 'UNLOADED', 'the version is unloaded');
    });
    expect([status, body.model?.version]).toEqual([200, 3]);
  });

  it('leaves a request its routing key', async () => {
    for (const key of ['alice', 'bob', 'carol', 'dave', 'erin', 'frank']) {
      split(1, 2);
      await refresh();
      const { status, body } = await during(async () => {
        split(3, 3);
        await refresh();
        await until(() => server.version(1).state === 'UNLOADED' && server.version(2).state === 'UNLOADED', 'gone');
      }, `X-Routing-Key: ${key}\r\n`);
      // Of other versions a key may draw another variant, but each time the same.
      const drawn = (await ask({ 'X-Routing-Key': key })).headers.get('x-model-variant');
      expect([key, status, body.model?.version, body.model?.variant]).toEqual([key, 200, 3, drawn]);
    }
  });

  it('moves nobody whose version still serves', async () => {
    writePolicy({ default: 2, aliases: { old: 2 } });
    await refresh();
    const { status, body } = await during(async () => {
      writePolicy({ default: 3, aliases: { old: 2 } });
      await refresh();
    });
    expect([status, body.model?.version]).toEqual([200, 2]);
  });
});
