import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageClassifierOf } from '#tasks';
import { FolderStore, ModelRegistry, type Policy } from '#registry';
import { randomPng } from '#testing/images';
import { KeptPredictors } from '#testing/kept-predictors';
import { writeVersion } from '#testing/onnx-classifier';
import { CanaryGuard } from './canary-guard';
import { chooseRoute } from './router';
import { ShadowTraffic } from './shadow-traffic';
import { TrafficEvents } from './traffic-events';

const predictors = new KeptPredictors();
afterAll(() => predictors.end());

/** One server of several on the same registry folder, with a clock that is set by hand. */
class Replica {
  seconds = 0;
  readonly events = new TrafficEvents();
  readonly outcomes: string[] = [];
  readonly shadows: ShadowTraffic;
  readonly guard: CanaryGuard;

  private constructor(
    readonly registry: ModelRegistry,
    cpus: number,
  ) {
    this.shadows = new ShadowTraffic(
      registry,
      (_, version, outcome) => this.outcomes.push(`${version} ${outcome}`),
      Math.random,
      cpus,
    );
    this.guard = new CanaryGuard(registry, this.shadows, this.events, () => this.seconds);
  }

  static async start(folder: string, cpus: number): Promise<Replica> {
    const store = await FolderStore.open(folder);
    const registry = new ModelRegistry(store, predictors, { load: 'routed', unloadGraceMs: 1_000 });
    await registry.refresh();
    return new Replica(registry, cpus);
  }

  get policy(): Policy {
    return this.registry.model('m').policy;
  }

  get weights(): number[] {
    return this.policy.variants!.map(({ weight }) => weight);
  }

  /** So many outcomes of both variants, as if they had been requests. */
  observe(count: number, latencyMs: number, canaryLatencyMs: number | null): void {
    const [control, canary] = this.policy.variants!.map(({ name, version }) => ({
      version: this.registry.model('m').versions.get(version as number)!,
      variant: name,
    }));
    for (let i = 0; i < count; i++) {
      this.guard.observe(control!, { runMs: latencyMs, batchCost: 1 }, { caller: 'gateway' });
      this.guard.observe(canary!, canaryLatencyMs === null ? null : { runMs: canaryLatencyMs, batchCost: 1 }, {
        caller: 'gateway',
      });
    }
  }

  /** A real request, and its shadows. */
  async request(key: string): Promise<{ version: number; label: string }> {
    const route = chooseRoute(this.registry, { model: 'm', key });
    const image = await randomPng();
    const loaded = route.version.loaded!;
    const input = imageClassifierOf(loaded).input(image, 3);
    const { output, timings } = await loaded.predict({ ...input, deadline: performance.now() + 25_000 });
    await this.shadows.copy({
      requestId: key,
      route,
      sender: { caller: 'gateway', routingKey: key },
      input,
      output,
      timings,
    });
    return { version: route.version.version, label: loaded.task.headline(output)!.label };
  }
}

const GUARD = {
  variant: 'canary',
  window_s: 60,
  min_requests: 50,
  max_error_rate: 0.02,
  max_p95_ratio: 2,
  steps: [25, 100],
  step_s: 30,
};
const POLICY = {
  revision: 1,
  aliases: {},
  default: 1,
  variants: [
    { name: 'control', version: 1, weight: 90 },
    { name: 'canary', version: 2, weight: 10 },
  ],
  guard: GUARD,
};

let folder: string;
const replicas: Replica[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-guard-'));
  writeVersion(folder, 'm', 1);
  writeVersion(folder, 'm', 2);
});
afterEach(async () => {
  await Promise.all(replicas.splice(0).map(({ registry }) => registry.stop(1_000)));
  rmSync(folder, { recursive: true });
});

/** @param cpus how many the shadows may count on */
async function start(policy: object = POLICY, cpus = 16): Promise<Replica> {
  writeFileSync(join(folder, 'm/policy.json'), JSON.stringify(policy));
  const replica = await Replica.start(folder, cpus);
  replicas.push(replica);
  await replica.guard.tick();
  return replica;
}

it('promotes a healthy canary step by step, and says on what grounds', async () => {
  const replica = await start();
  replica.observe(60, 10, 11);
  await replica.guard.tick();
  expect(replica.weights).toEqual([90, 10]);
  expect(replica.guard.status('m')).toMatchObject({
    revision: 1,
    decision: { action: 'hold', reason: 'the step has lasted 0 of 30 s' },
  });
  replica.seconds = 31;
  await replica.guard.tick();
  expect(replica.weights).toEqual([75, 25]);
  await replica.guard.tick();
  replica.observe(60, 10, 11);
  replica.seconds = 62;
  await replica.guard.tick();
  expect(replica.weights).toEqual([0, 100]);
  expect(JSON.parse(readFileSync(join(folder, 'm/policy.json'), 'utf8'))).toMatchObject({ revision: 3 });
  expect(replica.events.of('m').map(({ type }) => type)).toEqual(['canary-completed', 'canary-promoted']);
  expect(replica.events.of('m')[1]).toMatchObject({
    detail: expect.stringContaining('from 10% to 25%: healthy'),
    numbers: { weight_before: 10, weight_after: 25, canary: { requests: 60, p95: 11 }, others: { p95: 10 } },
  });
});

it.each([
  ['errors', null, 'error rate 100.00%'],
  ['latency', 50, 'p95 50.0 ms against 10.0 ms'],
])('takes a canary back on %s, at once', async (_, latency, why) => {
  const replica = await start();
  replica.observe(60, 10, latency);
  await replica.guard.tick();
  expect(replica.weights).toEqual([100, 0]);
  expect(replica.events.of('m')).toEqual([
    expect.objectContaining({ type: 'canary-rolled-back', detail: expect.stringContaining(why) }),
  ]);
  // And leaves it there.
  replica.seconds = 1000;
  await replica.guard.tick();
  expect(replica.policy.revision).toBe(2);
});

it('takes a canary back whose shadow disagrees with what clients get', async () => {
  const shadows = [{ version: 2, percent: 100 }];
  const replica = await start({ ...POLICY, shadows, guard: { ...GUARD, min_requests: 5, max_disagreement: 0.3 } });
  for (let i = 0; i < 60 && (replica.shadows.summary('m', 2)?.compared ?? 0) < 20; i++)
    await replica.request(`user-${i}`);
  await replica.guard.tick();
  expect(replica.weights).toEqual([100, 0]);
  expect(replica.events.of('m')[0]!.detail).toMatch(/disagrees on \d+\.\d+% of \d+ images; 30\.00% are allowed/);
});

it('takes a canary back whose policy it would not be given any more: disagreement, and no shadow', async () => {
  const replica = await start({ ...POLICY, guard: { ...GUARD, max_disagreement: 0.3 } });
  replica.observe(60, 10, null);
  await replica.guard.tick();
  expect(replica.weights).toEqual([100, 0]);
});

it('holds nothing against a canary that its version showed in the shadow before, or another one of its number', async () => {
  const shadows = [{ version: 2, percent: 100 }];
  const strict = { ...GUARD, min_requests: 5, max_disagreement: 0.3 };
  const replica = await start({ revision: 1, aliases: {}, default: 1, shadows });
  const compared = () => replica.shadows.summary('m', 2)?.compared ?? 0;
  const compare = async (count: number) => {
    for (let i = 0; i < 60 && compared() < count; i++) await replica.request(`user-${i}`);
  };
  await compare(20);
  const change = (policy: object) => replica.registry.changePolicy('m', () => policy);
  await change({ ...POLICY, shadows, guard: strict });
  await replica.guard.tick();
  expect(replica.weights).toEqual([90, 10]);
  expect(replica.guard.status('m')!.input).toMatchObject({ comparisons: 0, disagreement: 0 });

  // The guard's own next step goes on where the one before was.
  await change({ ...POLICY, shadows, guard: { ...strict, max_disagreement: 1 } });
  await compare(23);
  await replica.guard.tick();
  await change({ ...POLICY, shadows, guard: { ...strict, max_disagreement: 1, step_s: 31 } });
  await replica.guard.tick();
  expect(replica.guard.status('m')!.input.comparisons).toBe(3);

  // The version goes, and its number is given to another one.
  await change({ aliases: {}, default: 1 });
  rmSync(join(folder, 'm/2'), { recursive: true });
  await replica.registry.refresh();
  writeVersion(folder, 'm', 2);
  await change({ ...POLICY, shadows, guard: strict });
  await replica.guard.tick();
  expect(replica.shadows.summary('m', 2)).toBeUndefined();
  expect(replica.guard.status('m')!.input).toMatchObject({ comparisons: 0, disagreement: 0 });
});

it('does not fight with the guard of another replica: one of them moves the weight, both follow', async () => {
  const one = await start();
  const other = await Replica.start(folder, 16);
  replicas.push(other);
  await other.guard.tick();
  for (const replica of [one, other]) {
    replica.observe(60, 10, 11);
    replica.seconds = 31;
  }
  await Promise.all([one.guard.tick(), other.guard.tick()]);
  await Promise.all([one.registry.refresh(), other.registry.refresh()]);
  expect(one.policy).toEqual(other.policy);
  expect(one.policy.revision).toBe(2);
  expect(one.weights).toEqual([75, 25]);
  expect([...one.events.of('m'), ...other.events.of('m')]).toHaveLength(1);
});

it('compares a shadow with what clients got, and never keeps the image', async () => {
  const replica = await start({
    ...POLICY,
    guard: undefined,
    variants: undefined,
    shadows: [{ version: 2, percent: 100 }],
  });
  for (let i = 0; i < 40; i++) expect((await replica.request(`user-${i}`)).version).toBe(1);
  const summary = replica.shadows.summary('m', 2)!;
  expect(summary.compared).toBe(40);
  expect(summary.agreed + summary.disagreements.length).toBe(40);
  expect(summary.disagreements.length).toBeGreaterThan(5);
  for (const { answered, shadow } of summary.disagreements) expect(answered.label).not.toBe(shadow.label);
  expect(JSON.stringify(summary).length).toBeLessThan(50 * 400);
});

it('drops shadows, and nothing else, when there is no room', async () => {
  const replica = await start({
    ...POLICY,
    guard: undefined,
    variants: undefined,
    shadows: [{ version: 2, percent: 100 }],
  });
  await Promise.all(Array.from({ length: 200 }, (_, i) => replica.request(`user-${i}`)));
  const { compared, dropped, failed } = replica.shadows.summary('m', 2)!;
  expect(compared + dropped).toBe(200);
  expect(failed).toBe(0);
  expect(dropped).toBeGreaterThan(0);
});

it('goes on to ask a shadow now and then when there is no CPU to spare', async () => {
  const replica = await start(
    { ...POLICY, guard: undefined, variants: undefined, shadows: [{ version: 2, percent: 100 }] },
    1,
  );
  for (let i = 0; i < 50; i++) await replica.request(`user-${i}`);
  const { compared, dropped } = replica.shadows.summary('m', 2)!;
  expect(compared + dropped).toBe(50);
  expect(compared).toBeGreaterThan(0);
  expect(dropped).toBeGreaterThan(0);
});

it('finds room for a shadow with as many threads as there are CPUs', async () => {
  const runtime = { workers: 1, threads: 2, maxQueue: 8 };
  writeVersion(folder, 'm', 3, { manifest: { runtime } });
  const shadows = [{ version: 3, percent: 100 }];
  const replica = await start({ ...POLICY, guard: undefined, variants: undefined, shadows }, 2);
  for (let i = 0; i < 20; i++) await replica.request(`user-${i}`);
  expect(replica.shadows.summary('m', 3)).toMatchObject({ compared: 20, dropped: 0 });
});

it('sends a sticky share of the keys to the canary', async () => {
  const replica = await start();
  const versions = Array.from(
    { length: 10_000 },
    (_, i) => chooseRoute(replica.registry, { model: 'm', key: `user-${i}` }).version.version,
  );
  expect(versions.filter((version) => version === 2).length / 10_000).toBeCloseTo(0.1, 1);
  const again = Array.from(
    { length: 10_000 },
    (_, i) => chooseRoute(replica.registry, { model: 'm', key: `user-${i}` }).version.version,
  );
  expect(again).toEqual(versions);
  expect(chooseRoute(replica.registry, { model: 'm', version: 2, key: 'user-1' })).toMatchObject({ variant: null });
  expect(() => chooseRoute(replica.registry, { model: 'm', version: 'nobody' })).toThrow('no alias "nobody"');
  expect(() => chooseRoute(replica.registry, { model: 'm', version: 9 })).toThrow('no version 9; there are: 1, 2');
  expect(() => chooseRoute(replica.registry, { model: 'x' })).toThrow('no model "x"; there are: m');
});
