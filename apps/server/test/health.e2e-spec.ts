import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelRegistry } from '#registry';
import { eyrie } from '#testing/cli';
import { postImage, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { writeVersion } from '#testing/onnx-classifier';
import { MODEL, temporaryFolder, temporaryRegistry } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';
import { Draining } from '../src/health/draining';

const statuses = (server: TestServer) =>
  Promise.all(
    ['/health', '/health/live', '/health/ready'].map(async (path) => (await request(server.url + path)).status),
  );

describe('health', () => {
  it('is 200 everywhere while all that is routed is READY, and says what is', async () => {
    const registry = temporaryRegistry({});
    const server = await startServer({ MODEL_REGISTRY: registry.path });
    try {
      expect(await statuses(server)).toEqual([200, 200, 200]);
      const { body } = await request(`${server.url}/health`);
      expect(body).toMatchObject({ status: 'ok', info: { models: { status: 'up', [`${MODEL}/1`]: 'READY' } } });
    } finally {
      await server.stop();
      registry.remove();
    }
  });

  it('is 503 while the workers of a version hang, and all that an operator looks at says which', async () => {
    const registry = temporaryRegistry({ manifest: { runtime: { workers: 1, threads: 1 } } });
    const server = await startServer({ MODEL_REGISTRY: registry.path });
    const [worker] = server.version(1).predictor!.workers.pids;
    const workers = async () => {
      const { text } = await request(`${server.url}/metrics`);
      return Object.fromEntries(
        [...text.matchAll(/^inference_workers\{.*state="(\w+)"\} (\d)$/gm)].map((found) => found.slice(1)),
      );
    };
    try {
      process.kill(worker!, 'SIGSTOP');
      const answer = postImage(`${server.url}/v1/predict`, await randomPng());
      await until(async () => (await request(`${server.url}/health/ready`)).status === 503, 'it is noticed');
      const { body } = await request(`${server.url}/health/ready`);
      expect(body).toMatchObject({ error: { models: { [`${MODEL}/1`]: 'NO_ANSWER' } } });
      const reason = `NO_ANSWER: its workers (${worker}) have requests and give no sign; they are replaced if that goes on`;
      const { body: info } = await request(`${server.url}/v1/model/info`);
      expect(info).toMatchObject({ state: 'READY', reason });
      expect((await eyrie(['models', 'list', '--server', server.url])).stdout).toContain('NO_ANSWER: its workers');
      expect(await workers()).toEqual({ ready: '0', overdue: '1', starting: '0' });
      process.kill(worker!, 'SIGCONT');
      await answer;
      await until(async () => (await request(`${server.url}/health/ready`)).status === 200, 'it is well again');
    } finally {
      await server.stop();
      registry.remove();
    }
  });

  it('is 503, but alive, while nothing is served, and 200 as soon as something is', async () => {
    const registry = temporaryFolder();
    const server = await startServer({ MODEL_REGISTRY: registry.path });
    try {
      expect(await statuses(server)).toEqual([503, 200, 503]);
      const { status, body, headers } = await request(`${server.url}/v1/model/info`);
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'MODEL_NOT_READY', '2']);
      writeVersion(registry.path, MODEL, 1);
      await server.app.get(ModelRegistry).refresh();
      expect(await statuses(server)).toEqual([200, 200, 200]);
    } finally {
      await server.stop();
      registry.remove();
    }
  });

  it('is 503, but alive, when a routed version cannot be loaded', async () => {
    const registry = temporaryRegistry({});
    rmSync(join(registry.path, MODEL, '1', 'model.onnx'));
    const server = await startServer({ MODEL_REGISTRY: registry.path });
    try {
      expect(await statuses(server)).toEqual([503, 200, 503]);
      const { body } = await request(`${server.url}/health/ready`);
      expect(body).toMatchObject({ status: 'error', error: { models: { [`${MODEL}/1`]: 'FAILED' } } });
      const { body: info } = await request(`${server.url}/v1/model/info`);
      expect(info).toMatchObject({ state: 'FAILED', reason: expect.stringContaining('model.onnx') });
    } finally {
      await server.stop();
      registry.remove();
    }
  });

  it('is 200, and the default model answers, when a broken model is added to a running server', async () => {
    const registry = temporaryRegistry({});
    const server = await startServer({ MODEL_REGISTRY: registry.path });
    try {
      writeVersion(registry.path, 'aaa', 1);
      writeFileSync(join(registry.path, 'aaa/1/model.onnx'), 'no model');
      await server.app.get(ModelRegistry).refresh();
      expect(await statuses(server)).toEqual([200, 200, 200]);
      const { status, body } = await postImage(`${server.url}/v1/predict`, await randomPng());
      expect([status, body.model.name]).toEqual([200, MODEL]);
      const { body: models } = await request(`${server.url}/v1/models/aaa`);
      expect(models.versions).toEqual([expect.objectContaining({ state: 'FAILED' })]);
      expect(server.log).toContainEqual(expect.objectContaining({ level: 'warn', model: 'aaa' }));
    } finally {
      await server.stop();
      registry.remove();
    }
  });

  it('is 503, and predictions are refused at once, while workers cannot be replaced; and 200 again after that', async () => {
    const registry = temporaryRegistry({});
    const server = await startServer({ MODEL_REGISTRY: registry.path });
    const file = join(registry.path, MODEL, '1', 'model.onnx');
    const predict = async () => postImage(`${server.url}/v1/predict`, await randomPng());
    try {
      renameSync(file, join(registry.path, 'away'));
      process.kill(server.version(1).predictor!.workers.pids[0]!, 'SIGKILL');
      await until(async () => (await statuses(server))[2] === 503, 'it is known');
      const { body: health } = await request(`${server.url}/health/ready`);
      expect(health).toMatchObject({ error: { models: { [`${MODEL}/1`]: 'NO_WORKERS' } } });
      const asked = performance.now();
      const { status, body, headers } = await predict();
      expect([status, body.code, body.detail]).toEqual([503, 'MODEL_NOT_READY', expect.stringContaining('model.onnx')]);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(performance.now() - asked).toBeLessThan(2_000);
      renameSync(join(registry.path, 'away'), file);
      await until(async () => (await statuses(server))[2] === 200, 'it has a worker again');
      expect((await predict()).status).toBe(200);
    } finally {
      await server.stop();
      registry.remove();
    }
  });

  it('is 503, but alive, while the server shuts down', async () => {
    const registry = temporaryRegistry({});
    const server = await startServer({ MODEL_REGISTRY: registry.path });
    try {
      server.app.get(Draining).begin();
      expect(await statuses(server)).toEqual([503, 200, 503]);
    } finally {
      await server.stop();
      registry.remove();
    }
  });
});
