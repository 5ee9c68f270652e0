import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelRegistry } from '#registry';
import { CanaryGuard } from '#routing';
import { eyrie } from '#testing/cli';
import { postImage, request } from '#testing/http';
import { randomPng } from '#testing/images';
import { writeVersion } from '#testing/onnx-classifier';
import { MODEL, temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';
import { until } from '#testing/until';

const GUARDED = {
  revision: 1,
  aliases: {},
  default: 1,
  variants: [
    { name: 'control', version: 1, weight: 50 },
    { name: 'canary', version: 2, weight: 50 },
  ],
  shadows: [{ version: 2, percent: 100 }],
  guard: {
    variant: 'canary',
    window_s: 3600,
    min_requests: 1000,
    max_error_rate: 0.02,
    max_p95_ratio: 1.5,
    max_disagreement: 0.9,
    steps: [50, 100],
    step_s: 3600,
  },
};

let registry: TemporaryFolder;
let server: TestServer;
beforeEach(async () => {
  registry = temporaryRegistry({}, {});
  writePolicy(GUARDED);
  server = await startServer({ MODEL_REGISTRY: registry.path, REGISTRY_POLL_SECONDS: '0' });
});
afterEach(async () => {
  await server.stop();
  registry.remove();
});

function writePolicy(policy: object): void {
  writeFileSync(join(registry.path, MODEL, 'policy.json'), JSON.stringify(policy));
}

const refresh = () => server.app.get(ModelRegistry).refresh();
const look = () => server.app.get(CanaryGuard).tick();

/** The series of a metric, by labels. */
async function series(metric: string): Promise<Record<string, number>> {
  const { text } = await request(`${server.url}/metrics`);
  const line = new RegExp(`^${metric}(?:\\{(.*)\\})? (\\S+)$`, 'gm');
  return Object.fromEntries(
    [...text.matchAll(line)].map(([, labels, value]) => [(labels ?? '').replaceAll(`model="${MODEL}",`, ''), +value!]),
  );
}

async function predict(requests: number): Promise<Record<string, number>> {
  const count: Record<string, number> = { control: 0, canary: 0 };
  for (let i = 0; i < requests; i++) {
    const { body } = await postImage(`${server.url}/v1/predict`, await randomPng(), { 'X-Routing-Key': `user-${i}` });
    count[body.model.variant as string]!++;
  }
  return count;
}

it('shows what the guard sees and what it allows, variant by variant', async () => {
  // The guard looks for the first time, or it would not know of what follows.
  await look();
  const answered = await predict(30);
  await look();
  expect(await series('canary_guard_window_requests')).toEqual({
    'variant="control"': answered.control,
    'variant="canary"': answered.canary,
  });
  expect(await series('canary_guard_window_error_ratio')).toEqual({ 'variant="control"': 0, 'variant="canary"': 0 });
  const p95 = await series('canary_guard_window_latency_p95_seconds');
  expect(Object.keys(p95)).toEqual(['variant="control"', 'variant="canary"']);
  for (const seconds of Object.values(p95)) expect(seconds).toBeGreaterThan(0);
  expect(await series('canary_guard_limit')).toEqual({
    'variant="canary",limit="error_ratio"': 0.02,
    'variant="canary",limit="latency_p95_ratio"': 1.5,
    'variant="canary",limit="disagreement_ratio"': 0.9,
  });
  expect(await series('canary_guard_min_requests')).toEqual({ 'variant="canary"': 1000 });
  expect((await series('canary_guard_step_age_seconds'))['variant="canary"']).toBeGreaterThan(0);
});

it('says how a shadow compares, as the API does', async () => {
  await look();
  await predict(20);
  const summary = async () => (await request(`${server.url}/v1/models/${MODEL}/shadow`)).body.shadows[0];
  await until(async () => (await summary()).compared > 3, 'shadows have been compared');
  await look();
  const { compared, agreed, confidence_shift, latency_difference_ms } = await summary();
  // Random images: it may be none.
  expect((await series('shadow_comparisons_total'))['version="2",agreed="true"'] ?? 0).toBe(agreed);
  expect((await series('shadow_confidence_shift'))['version="2"']).toBeCloseTo(confidence_shift);
  expect((await series('shadow_latency_difference_seconds'))['version="2"']).toBeCloseTo(latency_difference_ms / 1000);
  expect((await series('canary_guard_disagreement_ratio'))['variant="canary"']).toBeCloseTo(1 - agreed / compared);
});

it('says what the guard waits for', async () => {
  const guard = async () => (await request(`${server.url}/v1/models/${MODEL}/guard`)).body;
  await look();
  const answered = await predict(10);
  await look();
  expect(await guard()).toEqual({
    model: MODEL,
    guard: {
      revision: 1,
      variant: 'canary',
      weight: 50,
      step_age_s: expect.any(Number),
      action: 'hold',
      reason: expect.stringMatching(
        new RegExp(
          '^the step has lasted \\d+ of 3600 s; \\d of 1000 requests in the last 3600 s, ' +
            'without \\d of those who send most; \\d+ of 1000 comparisons',
        ),
      ),
      canary: { requests: answered.canary, error_rate: 0, p95_ms: expect.any(Number) },
      others: { requests: answered.control, error_rate: 0, p95_ms: expect.any(Number) },
      comparisons: expect.any(Number),
      disagreement: expect.any(Number),
      // Less the user who has sent most of each.
      judged: {
        canary: { requests: expect.any(Number), error_rate: 0, p95_ms: null },
        others: { requests: expect.any(Number), error_rate: 0, p95_ms: null },
        comparisons: expect.any(Number),
        disagreement: expect.any(Number),
      },
    },
  });
  const shown = await eyrie(['canary', 'status', MODEL, '--server', server.url]);
  expect(shown.stdout).toMatch(/^The guard holds: the step has lasted \d+ of 3600 s; /m);
  const { json } = await eyrie(['canary', 'status', MODEL, '--server', server.url, '--json']);
  expect(json.guard).toMatchObject({ action: 'hold', canary: { requests: answered.canary } });

  // What it saw says nothing of a policy that it has not looked at.
  server.app.get(CanaryGuard).stop();
  writePolicy({ ...GUARDED, revision: 2 });
  await refresh();
  expect(await guard()).toEqual({ model: MODEL, guard: null });
});

it('forgets a canary that is over', async () => {
  await look();
  await predict(10);
  writePolicy({ revision: 2, aliases: {}, default: 1 });
  await refresh();
  await look();
  for (const metric of ['canary_guard_window_requests', 'canary_guard_limit', 'variant_weight']) {
    expect(await series(metric)).toEqual({});
  }
});

it('has events at 0 before they happen, so that the first one is an increase', async () => {
  expect(await series('traffic_events_total')).toEqual({
    'type="policy-changed"': 1,
    'type="canary-promoted"': 0,
    'type="canary-completed"': 0,
    'type="canary-rolled-back"': 0,
    'type="guard-failed"': 0,
  });
});

it('says FAILED of a version for as long as it is there', async () => {
  writeVersion(registry.path, MODEL, 3);
  appendFileSync(join(registry.path, MODEL, '3', 'model.onnx'), 'more');
  writePolicy({ ...GUARDED, revision: 2, aliases: { next: 3 } });
  await refresh();
  expect((await series('model_state'))['version="3",state="FAILED"']).toBe(1);
  expect(await series('registry_problems')).toEqual({ '': 1 });

  rmSync(join(registry.path, MODEL, '3'), { recursive: true });
  writePolicy({ ...GUARDED, revision: 2 });
  await refresh();
  expect((await series('model_state'))['version="3",state="FAILED"']).toBeUndefined();
  expect((await series('model_state'))['version="2",state="READY"']).toBe(1);
  expect(await series('registry_problems')).toEqual({ '': 0 });
});

const onLinux = process.platform === 'linux' ? it : it.skip;

onLinux('counts the CPU time and the memory of workers, and never backwards when one is lost', async () => {
  await predict(10);
  const cpu = (await series('inference_worker_cpu_seconds_total'))['version="1"']!;
  expect(cpu).toBeGreaterThan(0);
  expect((await series('inference_worker_resident_memory_bytes'))['version="1"']).toBeGreaterThan(20e6);

  const { workers } = server.version(1).predictor!;
  process.kill(workers.pids[0]!, 'SIGKILL');
  await until(() => server.version(1).predictor!.workers.restarts === 1, 'the worker is replaced');
  await until(() => server.version(1).predictor!.workers.ready === 1, 'the new worker is ready');
  expect((await series('inference_worker_cpu_seconds_total'))['version="1"']).toBeGreaterThanOrEqual(cpu);
  expect(await series('inference_worker_restarts_total')).toEqual({ 'version="1"': 1, 'version="2"': 0 });
});

it('of versions and models that are gone nothing is left, and what is counted of the others goes on', async () => {
  writeVersion(registry.path, 'other', 1, {});
  await refresh();
  const ask = async (path: string) => {
    expect((await postImage(`${server.url}/v1/models/${path}/predict`, await randomPng())).status).toBe(200);
  };
  for (const path of [`${MODEL}/versions/1`, `${MODEL}/versions/2`, 'other']) await ask(path);
  const counted = async () => {
    const { text } = await request(`${server.url}/metrics`);
    const lines = text.split('\n');
    return {
      gone: lines.filter((line) => /version="2"|model="other"/.test(line)),
      left: lines.filter((line) => /^(predictions_total|prediction_duration_seconds_count).*version="1"/.test(line)),
    };
  };
  const before = await counted();
  expect(before.gone.length).toBeGreaterThan(20);

  writePolicy({ revision: 2, aliases: {}, default: 1 });
  rmSync(join(registry.path, MODEL, '2'), { recursive: true });
  rmSync(join(registry.path, 'other'), { recursive: true });
  await refresh();
  const after = await counted();
  expect(after.gone).toEqual([]);
  expect(after.left).toEqual(before.left.filter((line) => !line.includes('model="other"')));
  await ask(`${MODEL}/versions/1`);
  expect((await series('predictions_total'))['version="1",variant="",outcome="success"']).toBe(2);

  // A version that comes back is counted anew.
  writeVersion(registry.path, MODEL, 2, {});
  await refresh();
  expect((await request(`${server.url}/metrics`)).text).not.toMatch(/^predictions_total.*version="2"/m);
});
