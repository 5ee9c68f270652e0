import {
  cpSync,
  existsSync,
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
import { writeVersion } from '#testing/onnx-classifier';
import type { Policy } from '../policy/policy';
import { setAlias } from '../policy/policy-change';
import { FolderStore } from '../stores/folder-store';
import type { ModelStore } from '../stores/model-store';
import { StorageError } from '../stores/storage-error';
import { ModelRegistry } from './model-registry';
import type { RegistryOptions } from './registry-options';

let folder: string;
let registry: ModelRegistry;
let warnings: string[];
let authors: (string | undefined)[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-answers-'));
  writeVersion(folder, 'm', 1);
  warnings = [];
  authors = [];
});
afterEach(async () => {
  await registry.stop(1_000);
  rmSync(folder, { recursive: true });
});

async function open(options: Partial<RegistryOptions> = {}, wrap = (store: ModelStore) => store): Promise<void> {
  registry = new ModelRegistry(
    wrap(await FolderStore.open(folder)),
    new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: 1_000_000 }),
    { load: 'routed', unloadGraceMs: 1_000, ...options },
    {
      onWarning: (model, warning) => warnings.push(`${model}: ${warning}`),
      onPolicy: (_model, _policy, by) => authors.push(by),
    },
  );
  await registry.refresh();
}

const policyFile = () => join(folder, 'm/policy.json');
const onDisk = () => JSON.parse(readFileSync(policyFile(), 'utf8')) as Policy;
const answers = () => {
  const { policy } = registry.model('m');
  return typeof policy.default === 'number' ? policy.default : policy.aliases[policy.default];
};
const stateOf = (version: number) => registry.model('m').versions.get(version)?.state;

describe('a model that was made by hand, without a policy', () => {
  it('is answered by the version that it has, whatever is put beside it, also after the next start', async () => {
    await open();
    expect(existsSync(policyFile())).toBe(false);
    writeVersion(folder, 'm', 2);
    await registry.refresh();
    expect([answers(), stateOf(2)]).toEqual([1, 'UNLOADED']);
    expect(warnings).toEqual([expect.stringContaining('version 2 is there, but version 1 serves on')]);
    expect(onDisk()).toEqual({ revision: 1, aliases: { champion: 1 }, default: 'champion' });
    await registry.refresh();
    expect(warnings).toHaveLength(1);
    await registry.stop(1_000);
    await open();
    expect(answers()).toBe(1);
    await registry.changePolicy('m', setAlias('champion', 2), undefined, 'key ops');
    expect([answers(), stateOf(2), authors.at(-1)]).toEqual([2, 'READY', 'key ops']);
    expect((await registry.rollbackPolicy('m')).after.aliases.champion).toBe(1);
  });

  it('is answered by it as long as the server lives where no policy can be written', async () => {
    await open({}, (store) => {
      store.writePolicy = () => Promise.reject(Object.assign(new Error('EROFS'), { code: 'EROFS' }));
      return store;
    });
    writeVersion(folder, 'm', 2);
    await registry.refresh();
    await registry.refresh();
    expect(answers()).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('it has no policy, and none can be written')]);
  });

  it('is answered by the version that its policy named when that is lost', async () => {
    writeVersion(folder, 'm', 2);
    writeFileSync(policyFile(), JSON.stringify({ revision: 3, aliases: { champion: 1 }, default: 'champion' }));
    await open();
    rmSync(policyFile());
    await registry.refresh();
    expect([answers(), stateOf(2)]).toEqual([1, 'UNLOADED']);
  });
});

describe('a registry of which any model will do', () => {
  it('is answered by the highest version whose manifest can be read, and by the models that can be', async () => {
    mkdirSync(join(folder, 'm/2'));
    writeVersion(folder, 'broken', 1);
    truncateSync(join(folder, 'broken/1/model.onnx'), 10);
    mkdirSync(join(folder, 'empty'));
    await open({ require: 'any' });
    expect([answers(), registry.isReady]).toEqual([1, true]);
    expect([...registry.problems.keys()]).toEqual(['broken']);
    expect(registry.passedOver).toEqual([expect.stringContaining('empty has no versions')]);
  });
});

it('what is passed over is told once, and again when it comes back', async () => {
  for (const name of ['ResNet50/1', 'm/02', 'm/v3']) mkdirSync(join(folder, name), { recursive: true });
  await open();
  await registry.refresh();
  expect(warnings.map((warning) => /(\S+) is passed/.exec(warning)?.[1]).sort()).toEqual(['ResNet50', 'm/02', 'm/v3']);
  expect(registry.passedOver).toHaveLength(3);
  rmSync(join(folder, 'm/v3'), { recursive: true });
  await registry.refresh();
  expect(registry.passedOver).toHaveLength(2);
  mkdirSync(join(folder, 'm/v3'));
  await registry.refresh();
  expect(warnings).toHaveLength(4);
});

describe('links', () => {
  /** As Kubernetes mounts a ConfigMap. */
  function mount(revision: string): void {
    mkdirSync(join(folder, revision));
    cpSync(join(folder, 'source'), join(folder, revision, 'm'), { recursive: true });
    symlinkSync(revision, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  }

  it('that stay inside the registry are followed, as those of a ConfigMap, also when they are moved', async () => {
    renameSync(join(folder, 'm'), join(folder, 'source'));
    writeFileSync(join(folder, 'source/policy.json'), JSON.stringify({ revision: 1, aliases: {}, default: 1 }));
    mount('..1');
    symlinkSync('..data/m', join(folder, 'm'));
    renameSync(join(folder, 'source'), join(folder, '.source'));
    await open();
    expect([answers(), stateOf(1), registry.problems.size]).toEqual([1, 'READY', 0]);
    renameSync(join(folder, '.source'), join(folder, 'source'));
    writeFileSync(join(folder, 'source/policy.json'), JSON.stringify({ revision: 2, aliases: { a: 1 }, default: 'a' }));
    mount('..2');
    renameSync(join(folder, 'source'), join(folder, '.source'));
    await registry.refresh();
    expect(registry.model('m').policy.revision).toBe(2);
  });

  it('to a policy outside are not followed, and one inside is not cut by a change', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'eyrie-outside-'));
    writeFileSync(join(outside, 'policy.json'), JSON.stringify({ revision: 1, aliases: { theirs: 1 }, default: 1 }));
    symlinkSync(join(outside, 'policy.json'), policyFile());
    await open();
    expect(registry.problems.get('m')).toMatch(/policy\.json cannot be read: .*leads out of the registry/);
    rmSync(policyFile());
    renameSync(join(outside, 'policy.json'), join(folder, '.policy.json'));
    symlinkSync('../.policy.json', policyFile());
    await registry.refresh();
    expect(registry.model('m').policy.aliases).toEqual({ theirs: 1 });
    await expect(registry.changePolicy('m', setAlias('mine', 1))).rejects.toMatchObject({ code: 'REGISTRY_READ_ONLY' });
    expect(registry.model('m').policy.aliases).toEqual({ theirs: 1 });
    rmSync(outside, { recursive: true });
  });
});

it('a storage that fails is a problem, not a fault of the version: it is tried again', async () => {
  let isAway = true;
  await open({}, (store) => {
    const { files } = store;
    const inside = (root: string, path: string, content: boolean) =>
      isAway && path.endsWith('.onnx')
        ? Promise.reject(new StorageError('it does not answer'))
        : files.inside(root, path, content);
    Object.assign(store, { files: Object.assign(Object.create(files) as object, { inside }) });
    return store;
  });
  expect(stateOf(1)).toBe('FAILED');
  expect(registry.model('m').versions.get(1)!.reason).toBe('it does not answer');
  isAway = false;
  const now = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
  try {
    await registry.look('m');
  } finally {
    now.mockRestore();
  }
  await registry.refresh();
  expect(stateOf(1)).toBe('READY');
});

it('a version that loads is called back by whoever does not want it any more', async () => {
  await open({ load: 'explicit' });
  const loading = registry.load('m', 1);
  const refused = expect(loading).rejects.toMatchObject({ code: 'CONFLICT' });
  while (stateOf(1) !== 'LOADING') await new Promise(setImmediate);
  registry.model('m').policy = { revision: 0, aliases: {}, default: 2 };
  expect((await registry.unload('m', 1)).state).toBe('UNLOADED');
  await refused;
});
