import { postImage, request, type Answer } from '#testing/http';
import { png, randomPixels } from '#testing/images';
import { expectedScores } from '#testing/onnx-classifier';
import { describeWithRedis, RedisProcess } from '#testing/redis';
import { temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

const OPTIONS = { workers: 1, threads: 1, maxBatch: 8, maxQueue: 500 };

describeWithRedis('a cache in Redis', () => {
  let registry: TemporaryFolder;
  let redis: RedisProcess;
  let server: TestServer;
  beforeEach(async () => {
    redis = await RedisProcess.start();
    registry = temporaryRegistry({ manifest: { runtime: OPTIONS } });
    // Nothing is kept in the process, so that each answer shows what Redis does.
    const env = { REDIS_URL: redis.url, CACHE_MAX_BYTES: '0', REDIS_TIMEOUT_MS: '1000', REQUEST_TIMEOUT_MS: '30000' };
    server = await startServer({ MODEL_REGISTRY: registry.path, ...env });
    await until(async () => (await upMetric()) === '1', 'Redis is used');
  });
  afterEach(async () => {
    redis.goOn();
    await server.stop();
    await redis.kill();
    registry.remove();
  });

  const post = (image: Buffer) => postImage(`${server.url}/v1/predict?top_k=10`, image);
  const upMetric = async () => /^redis_up (\d)/m.exec((await request(`${server.url}/metrics`)).text)?.[1];
  const failures = async (failure: string) =>
    Number(
      new RegExp(`^redis_failures_total\\{failure="${failure}"\\} (\\d+)`, 'm').exec(
        (await request(`${server.url}/metrics`)).text,
      )?.[1] ?? 0,
    );

  function expectScores({ status, body }: Answer, rgb: Uint8Array): void {
    expect([status, body.predictions?.length]).toEqual([200, 10]);
    const expected = expectedScores(rgb);
    for (const { class_id, confidence } of body.predictions) expect(confidence).toBeCloseTo(expected[class_id]!, 4);
  }

  /** Asks without a pause, each image twice, until it is told to stop; every answer must be right. */
  function load(): { answered: () => number; stop: () => Promise<void> } {
    let stopped = false;
    let answered = 0;
    const client = async (): Promise<void> => {
      while (!stopped) {
        const rgb = randomPixels();
        const image = await png(rgb);
        for (let i = 0; i < 2; i++) {
          expectScores(await post(image), rgb);
          answered++;
        }
      }
    };
    const clients = Promise.all(Array.from({ length: 4 }, client));
    clients.catch(() => undefined);
    const stop = async (): Promise<void> => {
      stopped = true;
      await clients;
    };
    return { answered: () => answered, stop };
  }

  async function underLoad(what: () => Promise<unknown>): Promise<void> {
    const { answered, stop } = load();
    await until(() => answered() > 10, 'there is load');
    await what();
    const before = answered();
    await until(() => answered() > before + 20, 'it goes on being answered');
    await stop();
  }

  it('is used by all replicas, and survives a restart', async () => {
    const rgb = randomPixels();
    const image = await png(rgb);
    const first = await post(image);
    expectScores(first, rgb);
    await until(async () => (await post(image)).body.cached === true, 'Redis has it');
    await server.stop();
    server = await startServer({ MODEL_REGISTRY: registry.path, REDIS_URL: redis.url, CACHE_MAX_BYTES: '0' });
    await until(async () => (await upMetric()) === '1', 'Redis is used');
    const again = await post(image);
    expect([again.body.cached, again.body.predictions]).toEqual([true, first.body.predictions]);
    expect((await request(`${server.url}/metrics`)).text).toMatch(/^cache_requests_total\{.*source="redis"\} 1$/m);
  });

  it('costs no client an error when Redis dies, and is used again when it is back', async () => {
    await underLoad(async () => {
      await redis.kill();
      await until(async () => (await upMetric()) === '0', 'the metric says so');
      await redis.restart();
      await until(async () => (await upMetric()) === '1', 'the metric says so');
    });
    expect(await failures('connection')).toBeGreaterThan(0);
    expect(server.log.filter(({ message }) => String(message).startsWith('Redis is away'))).toHaveLength(1);
  });

  it('costs no client an error when Redis hangs', async () => {
    await underLoad(async () => {
      redis.hang();
      await until(async () => (await upMetric()) === '0', 'the metric says so');
    });
    expect(await failures('timeout')).toBeGreaterThan(0);
  });

  it('costs no client an error when Redis is full', async () => {
    await underLoad(() => redis.command(['CONFIG', 'SET', 'maxmemory', '1']));
    expect(await failures('reply')).toBeGreaterThan(0);
    expect(await upMetric()).toBe('1');
  });

  it('gives nobody the rubbish that Redis holds', async () => {
    const rgb = randomPixels();
    const image = await png(rgb);
    await post(image);
    let keys: string[] = [];
    await until(async () => (keys = (await redis.command(['KEYS', 'eyrie:*'])) as string[]).length === 1, 'it is kept');
    const [key] = keys;
    const pairs = (classes: [unknown, unknown][], breadth: unknown = null) =>
      `${key}\n${JSON.stringify([breadth, classes])}`;
    const ten = Array.from({ length: 10 }, (_, i): [number, number] => [i, 0.1]);
    const rubbish = [
      '',
      'rubbish',
      `eyrie:another:key\n${JSON.stringify(ten)}`,
      `${key}\n{`,
      `${key}\n${JSON.stringify(ten)}`,
      pairs([]),
      pairs(ten, 9),
      pairs(ten, 'all'),
      pairs(ten.slice(1)),
      pairs([...ten.slice(1), [10, 0.1]]),
      pairs([...ten.slice(1), [1, 0.1]]),
      pairs([...ten.slice(1), ['0', 0.1]]),
      pairs([...ten.slice(1), [0, 'much']]),
      pairs([...ten.slice(1), [0, 0.9]]),
    ];
    for (const value of rubbish) {
      await redis.command(['SET', key!, value]);
      const answer = await post(image);
      expect(answer.body.cached).toBe(false);
      expectScores(answer, rgb);
    }
    expect(await failures('rubbish')).toBe(rubbish.length);
  });
});

it('a server starts, and serves, when there is no Redis where it should be', async () => {
  const registry = temporaryRegistry({});
  const env = { REDIS_URL: 'redis://:secret-word@127.0.0.1:1', CACHE_MAX_BYTES: '0' };
  const server = await startServer({ MODEL_REGISTRY: registry.path, ...env });
  const { status, body } = await postImage(`${server.url}/v1/predict`, await png(randomPixels()));
  expect([status, body.cached]).toEqual([200, false]);
  expect((await request(`${server.url}/metrics`)).text).toMatch(/^redis_up 0$/m);
  expect(JSON.stringify(server.log)).not.toContain('secret-word');
  await server.stop();
  registry.remove();
});
