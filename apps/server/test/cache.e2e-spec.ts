import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ModelRegistry } from '#registry';
import { CanaryGuard } from '#routing';
import { postForm, postImage, postJson, RawClient, request, type Answer } from '#testing/http';
import { png, randomPixels, randomPng } from '#testing/images';
import { expectedScores, writeVersion } from '#testing/onnx-classifier';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

const RUNTIME = { workers: 1, threads: 1, maxBatch: 1, maxQueue: 100 };

let registry: TemporaryFolder;
let server: TestServer;
beforeAll(async () => {
  registry = temporaryRegistry({ manifest: { runtime: RUNTIME } }, { manifest: { runtime: RUNTIME } });
  server = await startServer({ MODEL_REGISTRY: registry.path, LOAD: 'all', CACHE_MAX_BYTES: '1000000' });
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

const url = (query = '', path = '/v1/predict') => `${server.url}${path}?version=1${query}`;
const predictor = () => server.version(1).predictor!;

function expectScores({ body }: Answer, rgb: Uint8Array, seed = 1): void {
  const expected = expectedScores(rgb, { seed });
  expect(body.predictions.length).toBeGreaterThan(0);
  for (const { class_id, confidence } of body.predictions) expect(confidence).toBeCloseTo(expected[class_id]!, 4);
}

/** The sum of all samples of a metric with these labels. */
async function metric(name: string, ...labels: string[]): Promise<number> {
  const { text } = await request(`${server.url}/metrics`);
  const lines = text.split('\n').filter((line) => /^[\w]+/.exec(line)?.[0] === name);
  const wanted = lines.filter((line) => labels.every((label) => line.includes(label)));
  return wanted.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
/** Images that were handed to the worker of version 1 so far. */
const imagesRun = () => metric('inference_batch_size_sum', 'version="1"');

/** Holds the only worker of version 1 still, so that what comes in has to wait. */
async function whileWorkerIsStill<T>(what: () => Promise<T>): Promise<T> {
  const [pid] = predictor().workers.pids;
  process.kill(pid!, 'SIGSTOP');
  try {
    return await what();
  } finally {
    process.kill(pid!, 'SIGCONT');
  }
}

/** Sends an image and leaves without waiting for the answer; call what it gives to leave. */
async function postAndLeave(image: Buffer): Promise<() => void> {
  const client = await RawClient.connect(server.port);
  const head = `POST /v1/predict?version=1 HTTP/1.1\r\nHost: x\r\nX-Request-Id: leaver\r\nContent-Type: image/png\r\n`;
  client.send(Buffer.concat([Buffer.from(`${head}Content-Length: ${image.length}\r\n\r\n`), image]));
  return () => client.leave();
}

describe('the same image again', () => {
  it('is answered from the cache, with the same answer, and not run', async () => {
    const rgb = randomPixels();
    const image = await png(rgb);
    const first = await postImage(url(), image);
    const before = await imagesRun();
    const second = await postImage(url(), image);
    expect([first.body.cached, second.body.cached]).toEqual([false, true]);
    expect(second.body.predictions).toEqual(first.body.predictions);
    expect(second.body.model).toEqual(first.body.model);
    expectScores(second, rgb);
    const { total, ...stages } = second.body.timing_ms;
    expect(stages).toEqual({ queue: 0, decode: 0, inference: 0 });
    expect(total).toBeGreaterThan(0);
    expect(await imagesRun()).toBe(before);
  });

  it('is the same image in whichever way it is sent', async () => {
    const image = await randomPng();
    await postImage(url(), image);
    const answers = [
      await postForm(url(), [['file', image]]),
      await postJson(url(), { image: image.toString('base64') }),
      await postImage(`${server.url}/v1/models/${MODEL}/versions/1/predict`, image),
    ];
    expect(answers.map(({ body }) => body.cached)).toEqual([true, true, true]);
  });

  it('in a batch is run once', async () => {
    const image = await randomPng();
    const other = await randomPng();
    const before = await imagesRun();
    const items = [image, other, image, image].map((bytes) => ({ image: bytes.toString('base64') }));
    const { body } = await postJson(url('', '/v1/predict/batch'), { items });
    expect(body.results[2].predictions).toEqual(body.results[0].predictions);
    expect(body.results[1].predictions).not.toEqual(body.results[0].predictions);
    expect(await imagesRun()).toBe(before + 2);
  });

  it('says nothing of the version to the guard', async () => {
    const observe = jest.spyOn(server.app.get(CanaryGuard), 'observe');
    const image = await randomPng();
    for (let i = 0; i < 3; i++) await postImage(url(), image);
    expect(observe).toHaveBeenCalledTimes(1);
    observe.mockRestore();
  });

  it('is counted, as what it was', async () => {
    const image = await randomPng();
    const counts = () =>
      Promise.all([
        metric('cache_requests_total', 'source="computed"'),
        metric('cache_requests_total', 'source="memory"'),
        metric('predictions_total', 'outcome="success"'),
        metric('prediction_duration_seconds_count', 'stage="total"'),
      ]);
    const before = await counts();
    for (let i = 0; i < 3; i++) await postImage(url(), image);
    const after = await counts();
    expect(after.map((count, i) => count - before[i]!)).toEqual([1, 2, 3, 1]);
    expect(await metric('cache_entries')).toBeGreaterThan(0);
    expect(await metric('cache_bytes')).toBeGreaterThan(0);
  });
});

describe('an answer is another one for', () => {
  it('another image, be it of one other pixel', async () => {
    const rgb = randomPixels();
    const other = rgb.slice();
    other[7]! ^= 255;
    await postImage(url(), await png(rgb));
    const answer = await postImage(url(), await png(other));
    expect(answer.body.cached).toBe(false);
    expectScores(answer, other);
  });

  it('another version', async () => {
    const rgb = randomPixels();
    const image = await png(rgb);
    await postImage(url(), image);
    const answer = await postImage(`${server.url}/v1/predict?version=2`, image);
    expect([answer.body.cached, answer.body.model.version]).toEqual([false, 2]);
    expectScores(answer, rgb, 2);
  });

  it('a larger top_k, and is then the one for smaller ones, too', async () => {
    const image = await randomPng();
    const ask = async (topK: number) => (await postImage(url(`&top_k=${topK}`), image)).body;
    await ask(3);
    const { cached, predictions } = await ask(5);
    expect([cached, predictions.length]).toEqual([false, 5]);
    for (const topK of [5, 4, 3, 1]) {
      expect(await ask(topK)).toMatchObject({ cached: true, predictions: predictions.slice(0, topK) });
    }
    expect((await ask(6)).cached).toBe(false);
  });

  it('each of 50 random images, each sent three times at once', async () => {
    const pixels = Array.from({ length: 50 }, () => randomPixels());
    await Promise.all(
      pixels.map(async (rgb) => {
        const image = await png(rgb);
        const answers = await Promise.all([1, 2, 3].map(() => postImage(url('&top_k=10'), image)));
        for (const answer of answers) expectScores(answer, rgb);
      }),
    );
  });
});

it('a failure is not kept', async () => {
  const image = (await randomPng()).subarray(0, 60);
  const before = await metric('cache_entries');
  for (let i = 0; i < 2; i++) {
    const { status, body } = await postImage(url(), image);
    expect([status, body.code]).toEqual([400, 'INVALID_IMAGE']);
  }
  expect(await metric('cache_entries')).toBe(before);
});

describe('the same image at the same time', () => {
  it('is run once, and all have the answer', async () => {
    const rgb = randomPixels();
    const image = await png(rgb);
    const before = await imagesRun();
    const answers = await whileWorkerIsStill(async () => {
      const asked = Array.from({ length: 10 }, () => postImage(url(), image));
      await until(async () => (await imagesRun()) === before + 1, 'the first one is in hand');
      await new Promise((resolve) => setTimeout(resolve, 200));
      return asked;
    });
    const all = await Promise.all(answers);
    for (const answer of all) expectScores(answer, rgb);
    expect(all.filter(({ body }) => !body.cached)).toHaveLength(1);
    expect(await imagesRun()).toBe(before + 1);
  });

  it('and for fewer classes is run once, for more once more', async () => {
    const rgb = randomPixels();
    const image = await png(rgb);
    const before = await imagesRun();
    const answers = await whileWorkerIsStill(async () => {
      const asked = [postImage(url('&top_k=4'), image)];
      await until(async () => (await imagesRun()) === before + 1, 'the first one is in hand');
      for (const topK of [2, 4, 6, 5]) asked.push(postImage(url(`&top_k=${topK}`), image));
      await until(async () => (await imagesRun()) === before + 2, 'the broader one is in hand, too');
      await new Promise((resolve) => setTimeout(resolve, 200));
      return asked;
    });
    const all = await Promise.all(answers);
    for (const answer of all) expectScores(answer, rgb);
    expect(all.map(({ body }) => body.predictions.length)).toEqual([4, 2, 4, 6, 5]);
    expect(await imagesRun()).toBe(before + 2);
    expect((await postImage(url('&top_k=6'), image)).body.cached).toBe(true);
  });

  it('has its answer although the client that asked first has left', async () => {
    const rgb = randomPixels();
    const image = await png(rgb);
    const before = await imagesRun();
    const answers = await whileWorkerIsStill(async () => {
      const leave = await postAndLeave(image);
      await until(async () => (await imagesRun()) === before + 1, 'the first one is in hand');
      const others = [1, 2].map(() => postImage(url(), image));
      await new Promise((resolve) => setTimeout(resolve, 200));
      leave();
      await until(() => server.log.some((line) => line.request_id === 'leaver'), 'it is noticed');
      return others;
    });
    for (const answer of await Promise.all(answers)) expectScores(answer, rgb);
    expect(await imagesRun()).toBe(before + 1);
  });

  it('is not run when all clients have left before its turn', async () => {
    const before = await imagesRun();
    const image = await randomPng();
    // A worker has two batches in hand, of one image each here.
    const [one, two] = [await randomPng(), await randomPng()];
    const inHandAnswers = await whileWorkerIsStill(async () => {
      const answers = [one, two].map((bytes) => postImage(url(), bytes));
      await until(async () => (await imagesRun()) === before + 2, 'two are in hand');
      const leave = await Promise.all([postAndLeave(image), postAndLeave(image)]);
      await until(() => predictor().queueDepth === 1, 'both wait, as one');
      leave[0]();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(predictor().queueDepth).toBe(1);
      leave[1]();
      await until(() => predictor().queueDepth === 0, 'nobody waits');
      return answers;
    });
    await Promise.all(inHandAnswers);
    expect(await imagesRun()).toBe(before + 2);
  });
});

it('a version that was swapped on the disk never has the old answer, and the old one back has its own', async () => {
  const folder = temporaryRegistry({ seed: 1 }, { seed: 2 });
  const swapped = await startServer({ MODEL_REGISTRY: folder.path, LOAD: 'all', CACHE_MAX_BYTES: '1000000' });
  const models = swapped.app.get(ModelRegistry);
  const rgb = randomPixels();
  const image = await png(rgb);
  const ask = () => postImage(`${swapped.url}/v1/predict?version=1`, image);
  const replaceBy = async (seed: number) => {
    rmSync(join(folder.path, MODEL, '1'), { recursive: true });
    await models.refresh();
    writeVersion(folder.path, MODEL, 1, { seed });
    await models.refresh();
  };
  try {
    expectScores(await ask(), rgb, 1);
    expect((await ask()).body.cached).toBe(true);
    await replaceBy(7);
    const after = await ask();
    expect([after.body.model.version, after.body.cached]).toEqual([1, false]);
    expectScores(after, rgb, 7);
    await replaceBy(1);
    const back = await ask();
    expectScores(back, rgb, 1);
    expect(back.body.cached).toBe(true);
  } finally {
    await swapped.stop();
    folder.remove();
  }
});

it('CACHE_MAX_BYTES=0 turns it off: each image is run', async () => {
  const off = await startServer({ MODEL_REGISTRY: registry.path, CACHE_MAX_BYTES: '0' });
  const image = await randomPng();
  const answers = await Promise.all([1, 2, 3].map(() => postImage(`${off.url}/v1/predict`, image)));
  expect(answers.map(({ body }) => body.cached)).toEqual([false, false, false]);
  await off.stop();
});

it('a shadow is asked, whether the answer came from the cache or not', async () => {
  const folder = temporaryRegistry({}, {});
  const models = await startServer({ MODEL_REGISTRY: folder.path, LOAD: 'all', CACHE_MAX_BYTES: '1000000' });
  await models.app.get(ModelRegistry).changePolicy(MODEL, (policy) => ({
    ...policy,
    default: 1,
    shadows: [{ version: 2, percent: 100 }],
  }));
  const image = await randomPng();
  for (const cached of [false, true, true]) {
    expect((await postImage(`${models.url}/v1/predict`, image)).body.cached).toBe(cached);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const compared = async () => (await request(`${models.url}/v1/models/${MODEL}/shadow`)).body.shadows[0]?.compared;
  await until(async () => (await compared()) === 3, 'three answers have been compared');
  await models.stop();
  folder.remove();
});
