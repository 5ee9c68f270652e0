import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PredictorFactory } from '#inference';
import { WORKER_ENTRY } from '#tasks';
import { ask as askPredictor } from '#testing/ask';
import { png, randomPixels, randomPng } from '#testing/images';
import { expectedScores, writeVersion } from '#testing/onnx-classifier';
import { until } from '#testing/until';
import { FolderStore } from '../stores/folder-store';
import { ModelRegistry } from './model-registry';
import type { LoadMode } from './registry-options';
import { RegistryUnreadableError } from '../stores/model-store';

let folder: string;
let registry: ModelRegistry;
let problems: string[];
let states: string[];
let warnings: string[];
let solved: string[];
let notReplaced: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-registry-'));
  problems = [];
  states = [];
  warnings = [];
  solved = [];
  notReplaced = [];
});
afterEach(async () => {
  await registry.stop(1_000);
  rmSync(folder, { recursive: true });
});

async function open(load: LoadMode = 'routed', path = folder): Promise<ModelRegistry> {
  const store = await FolderStore.open(path);
  registry = new ModelRegistry(
    store,
    new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: 1_000_000 }),
    { load, unloadGraceMs: 5_000 },
    {
      onProblem: (model, problem) => problems.push(`${model}: ${problem}`),
      onProblemGone: (model) => solved.push(model),
      onWarning: (model, warning) => warnings.push(`${model}: ${warning}`),
      onState: ({ version, state }) => states.push(`${version} ${state}`),
      forVersion: () => ({ onWorkerRestartFailed: (reason) => notReplaced.push(reason) }),
    },
  );
  await registry.refresh();
  return registry;
}

const writePolicy = (policy: object) => writeFileSync(join(folder, 'm/policy.json'), JSON.stringify(policy));
const stateOf = (version: number) => registry.model('m').versions.get(version)?.state;
const reasonOf = (version: number) => registry.model('m').versions.get(version)?.reason;
const workersOf = (version: number) => registry.model('m').versions.get(version)!.predictor!.workers;
const killWorkers = (version: number) => workersOf(version).pids.forEach((pid) => process.kill(pid, 'SIGKILL'));
const predictorOf = (version: number) => registry.model('m').versions.get(version)!.predictor!;
const ask = async (version: number) =>
  askPredictor(predictorOf(version), await randomPng(), { topK: 1, deadline: performance.now() + 10_000 });

describe('loading', () => {
  it('loads the newest version where there is no policy', async () => {
    writeVersion(folder, 'm', 1);
    writeVersion(folder, 'm', 12);
    await open();
    expect(stateOf(12)).toBe('READY');
    expect(stateOf(1)).toBe('UNLOADED');
    expect(registry.isReady).toBe(true);
    expect(states).toEqual(['12 LOADING', '12 READY']);
  });

  it('says that a model is not ready, rather than not there, until the folder has been read', async () => {
    writeVersion(folder, 'm', 1);
    const predictors = new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: 1_000_000 });
    registry = new ModelRegistry(await FolderStore.open(folder), predictors, { load: 'routed', unloadGraceMs: 5_000 });
    const reading = registry.refresh();
    expect(() => registry.model('m')).toThrow(expect.objectContaining({ code: 'MODEL_NOT_READY' }));
    await reading;
    expect(registry.model('m').name).toBe('m');
    expect(() => registry.model('n')).toThrow(expect.objectContaining({ code: 'MODEL_NOT_FOUND' }));
  });

  it('loads what the policy names, and nothing else', async () => {
    for (const version of [1, 2, 3]) writeVersion(folder, 'm', version);
    writePolicy({ revision: 1, aliases: { champion: 1, other: 3 }, default: 'champion' });
    await open();
    expect([stateOf(1), stateOf(2), stateOf(3)]).toEqual(['READY', 'UNLOADED', 'READY']);
  });

  it('loads all or none where that is asked for', async () => {
    writeVersion(folder, 'm', 1);
    writeVersion(folder, 'm', 2);
    await open('all');
    expect([stateOf(1), stateOf(2)]).toEqual(['READY', 'READY']);
    await registry.stop(1_000);
    await open('explicit');
    expect([stateOf(1), stateOf(2)]).toEqual(['UNLOADED', 'UNLOADED']);
  });

  it('passes a version whose golden image is classified as it must be, and no other', async () => {
    const image = await png(randomPixels());
    const rgb = randomPixels();
    const best = [...expectedScores(rgb, { seed: 1 })]
      .map((score, id) => ({ score, id }))
      .sort((a, b) => b.score - a.score)[0]!;
    for (const [version, label] of [
      [1, `class-${best.id}`],
      [2, 'class-nobody'],
    ] as const) {
      const golden = [{ image: 'golden/g.png', label, minConfidence: 0 }];
      writeVersion(folder, 'm', version, { seed: 1, manifest: { golden } });
      mkdirSync(join(folder, 'm', String(version), 'golden'));
      writeFileSync(join(folder, 'm', String(version), 'golden/g.png'), version === 1 ? await png(rgb) : image);
    }
    await open('all');
    expect(stateOf(1)).toBe('READY');
    expect(stateOf(2)).toBe('FAILED');
    expect(reasonOf(2)).toMatch(/golden image golden\/g\.png must be "class-nobody".*but the model says/);
  });
});

describe('a refresh', () => {
  it('finds a new version, loads it, and only then lets it answer', async () => {
    writeVersion(folder, 'm', 1);
    writePolicy({ revision: 1, aliases: { champion: 1 }, default: 'champion' });
    await open();
    writeVersion(folder, 'm', 2);
    writePolicy({ revision: 2, aliases: { champion: 2 }, default: 'champion' });
    const refreshed = registry.refresh();
    expect(registry.model('m').policy.revision).toBe(1);
    await refreshed;
    expect(registry.model('m').policy.revision).toBe(2);
    expect(stateOf(2)).toBe('READY');
  });

  it('keeps what serves when the new policy names a version that fails', async () => {
    writeVersion(folder, 'm', 1);
    writePolicy({ revision: 1, aliases: { champion: 1 }, default: 'champion' });
    await open();
    writeVersion(folder, 'm', 2);
    truncateSync(join(folder, 'm/2/model.onnx'), 10);
    writePolicy({ revision: 2, aliases: { champion: 2 }, default: 'champion' });
    await registry.refresh();
    expect(registry.model('m').policy.revision).toBe(1);
    expect(stateOf(2)).toBe('FAILED');
    expect(registry.isReady).toBe(true);
    await ask(1);
  });

  it.each([
    ['that is half written', '{"revision": 2, "ali', /JSON/],
    ['that names a missing version', '{"revision":2,"aliases":{},"default":9}', /names version 9/],
    [
      'whose weights are not 100',
      '{"revision":2,"aliases":{},"default":1,"variants":[{"name":"a","version":1,"weight":99}]}',
      /add up to 99/,
    ],
  ])('keeps the policy in effect when it meets one %s', async (_, text, problem) => {
    writeVersion(folder, 'm', 1);
    writePolicy({ revision: 1, aliases: { champion: 1 }, default: 'champion' });
    await open();
    writeFileSync(join(folder, 'm/policy.json'), text);
    await registry.refresh();
    await registry.refresh();
    expect(registry.model('m').policy.revision).toBe(1);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    await ask(1);
  });

  it('lets a deleted version finish and forgets it', async () => {
    writeVersion(folder, 'm', 1);
    writeVersion(folder, 'm', 2);
    await open('all');
    const predictor = registry.model('m').versions.get(1)!.predictor!;
    const [pid] = predictor.workers.pids;
    const image = await randomPng();
    const deadline = performance.now() + 10_000;
    const asked = Promise.all(Array.from({ length: 20 }, () => askPredictor(predictor, image, { topK: 1, deadline })));
    rmSync(join(folder, 'm/1'), { recursive: true });
    await registry.refresh();
    await expect(asked).resolves.toHaveLength(20);
    expect(registry.model('m').versions.has(1)).toBe(false);
    await registry.stop(1_000);
    expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
  });

  it('forgets a model whose folder is gone', async () => {
    writeVersion(folder, 'm', 1);
    writeVersion(folder, 'other', 1);
    await open();
    rmSync(join(folder, 'm'), { recursive: true });
    await registry.refresh();
    expect(registry.list().map(({ name }) => name)).toEqual(['other']);
    expect(() => registry.model('m')).toThrow('there is no model "m"; there are: other');
  });

  it('serves on without the folders of the versions, and says so until they are back', async () => {
    writeVersion(folder, 'm', 1);
    await open();
    renameSync(join(folder, 'm/1'), join(folder, '.moved'));
    await registry.refresh();
    await registry.refresh();
    expect(problems).toEqual([
      expect.stringMatching(/^m: m has no versions in the registry any more; .*put them back/),
    ]);
    expect(registry.problems.get('m')).toBeDefined();
    expect([registry.isReady, solved]).toEqual([true, []]);
    await ask(1);
    renameSync(join(folder, '.moved'), join(folder, 'm/1'));
    await registry.refresh();
    await registry.refresh();
    expect([registry.problems.size, solved]).toEqual([0, ['m']]);
    await ask(1);
  });

  it('says nothing of a folder in which there have never been versions', async () => {
    writeVersion(folder, 'm', 1);
    mkdirSync(join(folder, 'notes'));
    await open();
    expect([problems, registry.problems.size]).toEqual([[], 0]);
  });

  it('has no problem any more with a model that is gone', async () => {
    writeVersion(folder, 'm', 1);
    await open();
    writeVersion(folder, 'n', 1);
    writeFileSync(join(folder, 'n/policy.json'), '{');
    await registry.refresh();
    expect([...registry.problems.keys()]).toEqual(['n']);
    rmSync(join(folder, 'n'), { recursive: true });
    await registry.refresh();
    expect([registry.problems.size, solved]).toEqual([0, ['n']]);
  });

  it('loads a FAILED version again once its files have changed', async () => {
    writeVersion(folder, 'm', 1);
    cpSync(join(folder, 'm/1/labels.txt'), join(folder, 'good.txt'));
    appendFileSync(join(folder, 'm/1/labels.txt'), 'one more\n');
    await open();
    expect(stateOf(1)).toBe('FAILED');
    await registry.refresh();
    expect(states).toEqual(['1 LOADING', '1 FAILED']);
    cpSync(join(folder, 'good.txt'), join(folder, 'm/1/labels.txt'));
    await registry.refresh();
    expect(stateOf(1)).toBe('READY');
  });

  it('goes on with what it has while the registry cannot be read', async () => {
    writeVersion(folder, 'm', 1);
    await open();
    cpSync(folder, `${folder}-moved`, { recursive: true });
    rmSync(folder, { recursive: true });
    await expect(registry.refresh()).rejects.toThrow(RegistryUnreadableError);
    await ask(1);
    cpSync(`${folder}-moved`, folder, { recursive: true });
    rmSync(`${folder}-moved`, { recursive: true });
    await registry.refresh();
    expect(stateOf(1)).toBe('READY');
  });

  it('goes on with what it has when all models are gone at once, as when a volume is no longer mounted', async () => {
    writeVersion(folder, 'm', 1);
    await open();
    renameSync(join(folder, 'm'), join(folder, '.moved'));
    await expect(registry.refresh()).rejects.toThrow(/is empty all of a sudden; what was loaded serves on/);
    expect(registry.isReady).toBe(true);
    await ask(1);
    renameSync(join(folder, '.moved'), join(folder, 'm'));
    await registry.refresh();
    expect(stateOf(1)).toBe('READY');
  });

  it('passes over names that cannot be models or versions', async () => {
    writeVersion(folder, 'm', 1);
    for (const name of ['UPPER', '.hidden', 'm/01', 'm/0', 'm/notes', 'm/-1']) mkdirSync(join(folder, name));
    await open();
    expect(registry.list().map(({ name }) => name)).toEqual(['m']);
    expect([...registry.model('m').versions.keys()]).toEqual([1]);
    expect(problems).toEqual([]);
  });
});

describe('a worker that is lost', () => {
  it('is not replaced by one with another file; and is, once the file is back', async () => {
    writeVersion(folder, 'm', 1);
    writeVersion(folder, 'm', 2);
    await open();
    const file = join(folder, 'm/2/model.onnx');
    const right = readFileSync(file);
    cpSync(join(folder, 'm/1/model.onnx'), file);
    killWorkers(2);
    await until(() => notReplaced.length > 1, 'it has been tried twice');
    expect(notReplaced[0]).toMatch(/^the model no longer loads: model\.onnx has SHA-256 /);
    expect([stateOf(2), registry.isReady]).toEqual(['READY', false]);
    await registry.refresh();
    expect(problems).toEqual([expect.stringMatching(/^m: m version 2: a worker was lost and cannot .* SHA-256/)]);

    writeFileSync(file, right);
    await until(() => workersOf(2).ready === 1, 'it is replaced');
    const rgb = randomPixels();
    const answer = await askPredictor(predictorOf(2), await png(rgb), {
      topK: 1,
      deadline: performance.now() + 10_000,
    });
    expect(answer.classes[0]!.confidence).toBeCloseTo(Math.max(...expectedScores(rgb, { seed: 2 })), 4);
    await registry.refresh();
    expect([registry.isReady, solved]).toEqual([true, ['m']]);
  });
});

it('a registry behind a link is followed to where the link leads now', async () => {
  const link = join(folder, 'current');
  writeVersion(join(folder, 'a'), 'm', 1);
  symlinkSync('a', link);
  await open('routed', link);

  cpSync(join(folder, 'a'), join(folder, 'b'), { recursive: true });
  writeVersion(join(folder, 'b'), 'm', 2);
  writeFileSync(join(folder, 'b/m/policy.json'), '{"revision":1,"aliases":{"old":1,"new":2},"default":2}');
  symlinkSync('b', join(folder, 'next'));
  renameSync(join(folder, 'next'), link);
  rmSync(join(folder, 'a'), { recursive: true });
  await registry.refresh();
  expect([stateOf(1), stateOf(2), registry.model('m').policy.revision]).toEqual(['READY', 'READY', 1]);
  expect(registry.location).toBe(join(folder, 'b'));

  const [before] = workersOf(1).pids;
  killWorkers(1);
  await ask(1);
  expect(workersOf(1).pids).not.toContain(before);
  expect(notReplaced).toEqual([]);

  rmSync(link);
  await expect(registry.refresh()).rejects.toThrow(RegistryUnreadableError);
  await ask(2);
});

it('a policy cannot name a version that has no worker', async () => {
  writeVersion(folder, 'm', 1);
  writeVersion(folder, 'm', 2);
  writePolicy({ revision: 1, aliases: { champion: 1 }, default: 'champion' });
  await open('all');
  rmSync(join(folder, 'm/2/model.onnx'));
  killWorkers(2);
  await until(() => notReplaced.length > 0, 'it has been tried');
  await expect(registry.changePolicy('m', (policy) => ({ ...policy, default: 2 }))).rejects.toThrow(
    /version 2: a worker was lost and cannot be replaced: .*model\.onnx is missing/,
  );
  writePolicy({ revision: 2, aliases: { champion: 2 }, default: 'champion' });
  await registry.refresh();
  expect([registry.model('m').policy.revision, registry.isReady]).toEqual([1, true]);
});

describe('registry.json', () => {
  const says = (content: string): void => writeFileSync(join(folder, 'registry.json'), content);

  it('names the model of requests that name none, at the start and when it is changed', async () => {
    writeVersion(folder, 'a', 1);
    writeVersion(folder, 'm', 1);
    says('{"schema":1,"default":"m"}');
    await open();
    expect(registry.defaultModel).toBe('m');
    says('{"schema":1,"default":"a"}');
    await registry.refresh();
    expect(registry.defaultModel).toBe('a');
    expect(warnings).toEqual([]);
  });

  it.each([
    ['{"schema":1,"default":', /registry\.json is not JSON/],
    ['{"schema":1,"model":"a"}', /registry\.json has the unknown key "model"/],
    ['{"schema":2,"default":"a"}', /"schema" in registry\.json must be 1/],
    ['{"schema":1,"default":7}', /"default" in registry\.json must be the name of a model/],
    ['[]', /"schema" in registry\.json must be 1/],
  ])('that is wrong is refused in words: %s', async (content, message) => {
    writeVersion(folder, 'a', 1);
    says(content);
    await expect(open()).rejects.toThrow(message);
  });
});

describe('a model that is added to a running server', () => {
  beforeEach(async () => {
    writeVersion(folder, 'm', 1);
    await open();
  });

  it('neither makes the server unready nor becomes the default when it is broken', async () => {
    writeVersion(folder, 'aaa', 1);
    truncateSync(join(folder, 'aaa/1/model.onnx'), 100);
    await registry.refresh();
    expect(registry.model('aaa').versions.get(1)?.state).toBe('FAILED');
    expect(registry.isReady).toBe(true);
    expect(registry.defaultModel).toBe('m');
    expect([...registry.problems.keys()]).toEqual(['aaa']);
    expect(warnings).toEqual([]);
  });

  it('does not make the server unready while it is loaded', async () => {
    writeVersion(folder, 'aaa', 1);
    const refreshed = registry.refresh();
    await until(() => registry.list().some(({ name }) => name === 'aaa'), 'aaa is known');
    expect(registry.model('aaa').versions.get(1)?.state).not.toBe('READY');
    expect([registry.isReady, registry.defaultModel]).toEqual([true, 'm']);
    await refreshed;
    expect(registry.model('aaa').versions.get(1)?.state).toBe('READY');
    expect(registry.isReady).toBe(true);
  });

  it('does not take the default over by its name, and what the next start will do is said once', async () => {
    writeVersion(folder, 'aaa', 1);
    await registry.refresh();
    await registry.refresh();
    expect(registry.defaultModel).toBe('m');
    expect(warnings).toEqual([expect.stringMatching(/^m: .* after the next start they go to aaa, .*set MODEL_NAME=m/)]);
  });

  it('becomes the default when the one before is gone, if it can answer', async () => {
    writeVersion(folder, 'aaa', 1);
    truncateSync(join(folder, 'aaa/1/model.onnx'), 100);
    writeVersion(folder, 'z', 1);
    await registry.refresh();
    rmSync(join(folder, 'm'), { recursive: true });
    await registry.refresh();
    expect(registry.defaultModel).toBe('z');
    expect(registry.isReady).toBe(true);
    expect(warnings).toEqual([expect.stringMatching(/^m: it is gone; .* go to z/)]);
  });

  it('is one that the server is not ready without once it has been READY', async () => {
    writeVersion(folder, 'z', 1);
    await registry.refresh();
    await registry.model('z').versions.get(1)!.unload(1_000);
    expect(registry.isReady).toBe(false);
  });
});

it('cannot be opened where there is no folder', async () => {
  writeVersion(folder, 'm', 1);
  await open();
  await expect(FolderStore.open(join(folder, 'nowhere'))).rejects.toThrow(
    /cannot open the model registry .*it is not there/,
  );
  await expect(FolderStore.open(join(folder, 'm/1/model.json'))).rejects.toThrow(/it is not a folder/);
});
