import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PredictorFactory } from '#inference';
import { WORKER_ENTRY } from '#tasks';
import { ask } from '#testing/ask';
import { randomPng } from '#testing/images';
import { writeVersion } from '#testing/onnx-classifier';
import { until } from '#testing/until';
import { setAlias } from '../policy/policy-change';
import { FolderStore } from '../stores/folder-store';
import type { ModelStore } from '../stores/model-store';
import { ModelRegistry } from './model-registry';
import { OnDemandLoader } from './on-demand';
import type { RegistryObserver } from './registry-options';

/** Real workers, which are started when the test lets them be. */
class HeldPredictors extends PredictorFactory {
  private readonly held = new Map<string, Promise<void>>();
  readonly started: string[] = [];

  constructor() {
    super({ workerEntry: WORKER_ENTRY, maxPixels: 1_000_000 });
  }

  /** @param version as in `slow/2` @returns lets go */
  hold(version: string): () => void {
    let release = (): void => undefined;
    this.held.set(version, new Promise((resolve) => (release = resolve)));
    return release;
  }

  override async start(options: Parameters<PredictorFactory['start']>[0]) {
    const version = options.modelPath.split('/').slice(-3, -1).join('/');
    this.started.push(version);
    await this.held.get(version);
    return super.start(options);
  }
}

/** What any step of one model may take on a busy machine; what is held lasts until the test lets it go. */
const SOON_MS = 5_000;
const soon = async <T>(promise: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it waits for what is held')), SOON_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

let folder: string;
let predictors: HeldPredictors;
let registry: ModelRegistry;
let letGo: () => void;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-apart-'));
  predictors = new HeldPredictors();
  for (const version of [1, 2]) writeVersion(folder, 'fast', version);
  writeVersion(folder, 'slow', 1);
  letGo = () => undefined;
});
afterEach(async () => {
  letGo();
  await registry.stop(1_000);
  rmSync(folder, { recursive: true });
});

async function open(observer?: RegistryObserver, wrap = (store: ModelStore) => store): Promise<void> {
  const options = { load: 'routed', unloadGraceMs: 1_000 } as const;
  registry = new ModelRegistry(wrap(await FolderStore.open(folder)), predictors, options, observer);
  await registry.refresh();
}

const writePolicy = (model: string, policy: object) =>
  writeFileSync(join(folder, model, 'policy.json'), JSON.stringify(policy));
const stateOf = (model: string, version: number) => registry.model(model).versions.get(version)?.state;

/** Has a new version of `slow` loaded, which its policy names, until `letGo` is called. */
async function loadSlowly(): Promise<{ refreshed: Promise<void> }> {
  letGo = predictors.hold('slow/2');
  writeVersion(folder, 'slow', 2);
  writePolicy('slow', { revision: 1, aliases: {}, default: 2 });
  const refreshed = registry.refresh();
  await until(() => predictors.started.includes('slow/2'), 'slow/2 is being loaded');
  return { refreshed };
}

describe('while a model loads', () => {
  it('the policy of another one is changed and rolled back', async () => {
    await open();
    const { refreshed } = await loadSlowly();
    await soon(registry.changePolicy('fast', setAlias('champion', 1)));
    expect(registry.model('fast').policy.aliases).toEqual({ champion: 1 });
    await soon(registry.rollbackPolicy('fast'));
    expect(registry.model('fast').policy.aliases).toEqual({});
    expect(stateOf('slow', 2)).toBe('LOADING');
    letGo();
    await refreshed;
    expect(stateOf('slow', 2)).toBe('READY');
  });

  it('versions of another one are loaded and unloaded', async () => {
    await open();
    await loadSlowly();
    expect((await soon(registry.load('fast', 1))).state).toBe('READY');
    expect((await soon(registry.unload('fast', 1))).state).toBe('UNLOADED');
    expect(stateOf('slow', 2)).toBe('LOADING');
  });

  it('what is new of others is found and loaded by the next poll', async () => {
    await open();
    await loadSlowly();
    registry.poll(0.02);
    writeVersion(folder, 'fast', 3);
    writePolicy('fast', { revision: 1, aliases: {}, default: 3 });
    writeVersion(folder, 'new', 1);
    await until(() => stateOf('fast', 3) === 'READY', 'fast/3 is READY');
    await until(() => registry.list().some(({ name }) => name === 'new') && stateOf('new', 1) === 'READY', 'new is');
    rmSync(join(folder, 'new'), { recursive: true });
    await until(() => !registry.list().some(({ name }) => name === 'new'), 'new is forgotten');
    expect(stateOf('slow', 2)).toBe('LOADING');
  });

  it('many looks at it are one that waits', async () => {
    let looks = 0;
    let held = Promise.resolve();
    await open(undefined, (store) => {
      const listVersions = store.listVersions.bind(store);
      store.listVersions = async (model) => {
        if (model === 'slow') {
          looks++;
          await held;
        }
        return listVersions(model);
      };
      return store;
    });
    looks = 0;
    held = new Promise((resolve) => (letGo = resolve));
    const all = Array.from({ length: 20 }, () => registry.refresh());
    await until(() => looks === 1, 'the store is asked');
    await soon(registry.changePolicy('fast', setAlias('champion', 1)));
    letGo();
    await Promise.all(all);
    expect(looks).toBe(2);
  });
});

describe('while a version loads', () => {
  beforeEach(async () => {
    writePolicy('slow', { revision: 1, aliases: {}, default: 1 });
    await open();
    letGo = predictors.hold('slow/2');
    writeVersion(folder, 'slow', 2);
  });

  it('its model is rolled back to one that does not need it, and it is unloaded again', async () => {
    await registry.changePolicy('slow', setAlias('champion', 1));
    writePolicy('slow', { revision: 3, aliases: {}, default: 2 });
    const refreshed = registry.refresh();
    await until(() => stateOf('slow', 2) === 'LOADING', 'it loads');
    const { after } = await soon(registry.rollbackPolicy('slow', 3, 1));
    expect(registry.model('slow').policy).toEqual(after);
    expect([after.revision, after.default]).toEqual([4, 1]);
    letGo();
    await refreshed;
    await until(() => stateOf('slow', 2) === 'UNLOADED', 'nobody needs it any more');
    expect(registry.model('slow').policy.revision).toBe(4);
    expect(registry.problems.size).toBe(0);
  });

  it('a change that waits for it gives way to a rollback, and says so', async () => {
    await registry.changePolicy('slow', setAlias('champion', 1));
    const overtaken = registry.changePolicy('slow', setAlias('champion', 2));
    const refused = expect(overtaken).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await until(() => stateOf('slow', 2) === 'LOADING', 'it loads');
    await soon(registry.rollbackPolicy('slow'));
    letGo();
    await refused;
    expect(registry.model('slow').policy).toMatchObject({ revision: 3, aliases: {}, default: 1 });
  });

  it('everybody who needs it waits for the same load', async () => {
    const changed = registry.changePolicy('slow', setAlias('champion', 2));
    const loaded = [registry.load('slow', 2), registry.load('slow', 2)];
    await until(() => stateOf('slow', 2) === 'LOADING', 'it loads');
    letGo();
    await Promise.all([changed, ...loaded]);
    expect(predictors.started.filter((version) => version === 'slow/2')).toHaveLength(1);
  });

  it('and is unloaded and loaded again, the last who asked has it', async () => {
    const loaded = registry.load('slow', 2);
    await until(() => stateOf('slow', 2) === 'LOADING', 'it loads');
    const unloaded = registry.unload('slow', 2);
    const again = registry.load('slow', 2);
    letGo();
    await Promise.allSettled([loaded, unloaded, again]);
    expect(stateOf('slow', 2)).toBe('READY');
  });

  it('a stop waits for it no longer than it may', async () => {
    const loaded = registry.load('slow', 2).catch((error: unknown) => error);
    await until(() => stateOf('slow', 2) === 'LOADING', 'it loads');
    await soon(registry.stop(100));
    expect(stateOf('slow', 1)).toBe('UNLOADED');
    letGo();
    await loaded;
    await until(() => stateOf('slow', 2) === 'UNLOADED', 'it is unloaded in the end');
  });
});

it('changes of one model that need no load follow each other', async () => {
  await open();
  await registry.load('fast', 1);
  const changes = ['a', 'b', 'c'].map((alias) => registry.changePolicy('fast', setAlias(alias, 1)));
  expect((await Promise.all(changes)).map(({ after }) => after.revision)).toEqual([1, 2, 3]);
  expect(registry.model('fast').policy.aliases).toEqual({ a: 1, b: 1, c: 1 });
});

describe('loading on demand', () => {
  const ask = (loader: OnDemandLoader, model: string, version: number) =>
    loader.ready(registry.model(model).versions.get(version)!, { deadline: performance.now() + 20_000 });

  it.each([
    ['loads one while another loads', 0, 'READY'],
    ['waits for the one before where memory is limited', 100_000_000_000, 'UNLOADED'],
  ])('%s', async (_, memoryBytes, state) => {
    writeVersion(folder, 'slow', 2);
    writePolicy('slow', { revision: 1, aliases: {}, default: 1 });
    await open();
    const loader = new OnDemandLoader(registry, { enabled: true, memoryBytes, unloadGraceMs: 1_000 });
    letGo = predictors.hold('slow/2');
    const slow = ask(loader, 'slow', 2);
    await until(() => stateOf('slow', 2) === 'LOADING', 'it loads');
    const fast = ask(loader, 'fast', 1);
    if (state === 'READY') await soon(fast);
    else await new Promise((resolve) => setTimeout(resolve, 200));
    expect(stateOf('fast', 1)).toBe(state);
    letGo();
    await Promise.all([slow, fast]);
    expect(stateOf('fast', 1)).toBe('READY');
  });
});

it('an observer that throws changes nothing of what it watches', async () => {
  const fail = (): never => {
    throw new Error('the log is full');
  };
  await open({
    onState: fail,
    onPolicy: fail,
    onProblem: fail,
    onProblemGone: fail,
    onWarning: fail,
    forVersion: () => ({ onBatch: fail, onWorkerLost: fail, onWorkerRestartFailed: fail, onWorkerStderr: fail }),
  });
  await registry.changePolicy('fast', setAlias('champion', 1));
  const { predictor } = registry.model('fast').versions.get(1)!;
  const options = { topK: 1, deadline: performance.now() + 10_000 };
  expect((await ask(predictor!, await randomPng(), options)).classes).toHaveLength(1);
  await registry.changePolicy('fast', (policy) => ({ ...policy, aliases: {} }));
  await until(() => stateOf('fast', 1) === 'UNLOADED', 'it is unloaded');
  expect((await registry.load('fast', 1)).state).toBe('READY');
});

it('a version whose workers cannot be ended in order is not stuck', async () => {
  await open();
  const version = await registry.load('fast', 1);
  const predictor = version.predictor!;
  const stop = predictor.stop.bind(predictor);
  predictor.stop = async (graceMs) => {
    await stop(graceMs);
    throw new Error('no such process');
  };
  expect((await registry.unload('fast', 1)).reason).toMatch(/could not be ended in order: no such process/);
  expect(version.state).toBe('UNLOADED');
  expect((await registry.load('fast', 1)).state).toBe('READY');
});
