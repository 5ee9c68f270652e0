import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelRegistry } from '#registry';
import { CanaryGuard } from '#routing';
import { GUARDED_CANARY } from '#testing/guarded-canary';
import { postForm, postImage, request } from '#testing/http';
import { png, randomPng } from '#testing/images';
import { PredictionReport } from '../src/dialects/eyrie/prediction-report';
import { PredictionMetrics } from '../src/metrics/prediction.metrics';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

let registry: TemporaryFolder;
let server: TestServer;
let black: Buffer;
beforeEach(async () => {
  registry = temporaryRegistry({}, { nanForBlack: true });
  writeFileSync(join(registry.path, MODEL, 'policy.json'), JSON.stringify(GUARDED_CANARY));
  server = await startServer({ MODEL_REGISTRY: registry.path, REGISTRY_POLL_SECONDS: '0' });
  black = await png(new Uint8Array(8 * 8 * 3));
});
afterEach(async () => {
  await server.stop();
  registry.remove();
});

/** How many predictions of the canary ended so. */
async function outcomes(): Promise<Record<string, number>> {
  const { text } = await request(`${server.url}/metrics`);
  const lines = text.matchAll(/^predictions_total\{.*version="2".*outcome="(\w+)".*\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]));
}

it('an image whose scores are no numbers is a failure of the model, counted once', async () => {
  const answer = await postImage(`${server.url}/v1/models/${MODEL}/versions/2/predict`, black);
  expect(answer.status).toBe(500);
  expect(answer.body).toMatchObject({ code: 'WORKER_FAILED' });
  expect(answer.body.detail).toMatch(/the model gave NaN for class 0 \("class-0"\).*, which is no score/);
  expect(await outcomes()).toEqual({ WORKER_FAILED: 1 });
});

it('it fails alone: the others of its batch are answered', async () => {
  const good = await randomPng();
  const { status, body } = await postForm(`${server.url}/v1/predict/batch?model=${MODEL}&version=2`, [
    ['files', good],
    ['files', black],
    ['files', good],
  ]);
  expect(status).toBe(200);
  expect(body.results[0].predictions).toHaveLength(5);
  expect(body.results[1].error.code).toBe('WORKER_FAILED');
  expect(body.results[2].predictions).toEqual(body.results[0].predictions);
  expect(await outcomes()).toEqual({ success: 2, WORKER_FAILED: 1 });
});

it('a canary that gives none is taken back, not promoted', async () => {
  const look = () => server.app.get(CanaryGuard).tick();
  await look();
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => postImage(`${server.url}/v1/predict`, black, { 'X-Routing-Key': `k${i}` })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 500]));
  await look();
  const weights = async () => {
    const { body } = await request(`${server.url}/v1/models/${MODEL}`);
    return (body.policy.variants as { name: string; weight: number }[]).map(({ name, weight }) => `${name} ${weight}`);
  };
  await until(async () => (await weights()).includes('canary 0'), 'the canary is taken back');
  expect(await weights()).toEqual(['control 100', 'canary 0']);
});

it('one client that has chosen its key does not have a canary taken back, many do', async () => {
  // Otherwise it would take a step between what is sent, and begin to count anew.
  const patient = { ...GUARDED_CANARY, revision: 2, guard: { ...GUARDED_CANARY.guard, step_s: 3600 } };
  writeFileSync(join(registry.path, MODEL, 'policy.json'), JSON.stringify(patient));
  await server.app.get(ModelRegistry).refresh();
  const guard = server.app.get(CanaryGuard);
  const look = async (): Promise<string> => {
    await guard.tick();
    const { action, reason } = guard.status(MODEL)!.decision;
    return `${action}: ${reason}`;
  };
  const send = (image: Buffer, keys: string[]) =>
    Promise.all(keys.map((key) => postImage(`${server.url}/v1/predict`, image, { 'X-Routing-Key': key })));
  await look();
  const good = await randomPng();
  const users = Array.from({ length: 60 }, (_, user) => `user-${user}`);
  const variants = (await send(good, users)).map(({ headers }) => headers.get('x-model-variant'));
  const steered = Array<string>(100).fill(users[variants.indexOf('canary')]!);
  expect(new Set((await send(black, steered)).map(({ status }) => status))).toEqual(new Set([500]));
  expect(await look()).toMatch(/^hold: error rate \d\d\.\d\d%; 2\.00% is allowed; but not without the one sender/);
  await send(black, users);
  expect(await look()).toMatch(/^roll-back: error rate \d\d\.\d\d%/);
}, 60_000);

it('a metric that throws costs no client an answer, and is logged', async () => {
  const metrics = server.app.get(PredictionMetrics);
  jest.spyOn(metrics, 'answered').mockImplementation(() => {
    throw new Error('broken counter');
  });
  const answer = await postImage(`${server.url}/v1/models/${MODEL}/versions/1/predict`, await randomPng());
  expect(answer.status).toBe(200);
  const failure = server.log.find(({ observer }) => observer === 'metrics');
  expect(failure).toMatchObject({ level: 'error', message: 'metrics failed: broken counter' });
});

it('an answer that cannot be written is a failure, and no success', async () => {
  jest.spyOn(server.app.get(PredictionReport), 'single').mockImplementation(() => {
    throw new Error('out of ink');
  });
  const answer = await postImage(`${server.url}/v1/models/${MODEL}/versions/2/predict`, await randomPng());
  expect(answer.status).toBe(500);
  expect(answer.body.code).toBe('INTERNAL');
  expect(await outcomes()).toEqual({ INTERNAL: 1 });
});
