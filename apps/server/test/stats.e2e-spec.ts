import { hostname } from 'node:os';
import { postImage, request, sample } from '#testing/http';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { TimeSeries } from '../src/stats/time-series';

let registry: TemporaryFolder;
let server: TestServer;
beforeAll(async () => {
  registry = temporaryRegistry({});
  server = await startServer({ MODEL_REGISTRY: registry.path });
});
afterAll(async () => {
  await server.stop();
  registry.remove();
});

it('the last hour begins empty, and says which server it is of', async () => {
  const { status, body } = await request(`${server.url}/v1/stats`);
  expect([status, body.replica, body.interval_s]).toEqual([200, hostname(), 10]);
  expect(Date.parse(body.started_at)).toBeLessThanOrEqual(Date.now());
});

it('a sample has what came since the one before, without probes', async () => {
  const series = server.app.get(TimeSeries);
  await series.sample();
  for (let i = 0; i < 3; i += 1) await postImage(`${server.url}/v1/models/${MODEL}/predict`, sample('ship.png'));
  for (let i = 0; i < 50; i += 1) await request(`${server.url}/health/live`);
  await series.sample();
  const { body } = await request(`${server.url}/v1/stats`);
  const latest = body.samples.at(-1);
  const seconds = 3 / latest.predictions_per_s;
  expect(latest.requests_per_s * seconds).toBeLessThan(10);
  expect(latest.requests_per_s).toBeGreaterThan(0);
  expect(latest).toMatchObject({ errors_per_s: 0, queue: 0, workers: expect.any(Number), batch_size: 1 });
  expect(latest.workers).toBeGreaterThanOrEqual(1);
  expect(latest.p50_ms).toBeGreaterThan(0);
  expect(latest.p50_ms).toBeLessThanOrEqual(latest.p99_ms);
  expect(latest.server_bytes).toBeGreaterThan(10_000_000);
  await series.sample();
  expect(series.samples.at(-1)).toMatchObject({ predictions_per_s: 0, p50_ms: null, batch_size: null });
});

it('no more than an hour is kept', async () => {
  const series = server.app.get(TimeSeries);
  for (let i = 0; i < 370; i += 1) await series.sample();
  expect(series.samples).toHaveLength(360);
});
