import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PredictorFactory } from '#inference';
import { type ChannelOrder, imageClassifierOf, WORKER_ENTRY } from '#tasks';
import { DATA_TYPE, type OnnxGraph, readOnnx } from '#onnx';
import { ask } from '#testing/ask';
import { png, randomPixels } from '#testing/images';
import { expectedScores, onnxClassifier, type ClassifierOptions } from '#testing/onnx-classifier';
import { writeOnnx } from '#testing/onnx-file';
import { FolderStore } from '../../../registry/src/stores/folder-store';
import { loadVersion } from '../../../registry/src/versions/load-version';
import { type AddRequest, addVersion } from './add-version';

// Every one starts workers, some of them several.
jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'eyrie-add-'));
const predictors = new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: 1_000_000 });
let registry: string;
let store: FolderStore;
beforeEach(async () => {
  registry = mkdtempSync(join(folder, 'registry-'));
  store = await FolderStore.open(registry);
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileOf(content: Uint8Array | string): string {
  const path = join(folder, `${files++}.onnx`);
  writeFileSync(path, content);
  return path;
}

function changed(change: (graph: OnnxGraph) => unknown, options: ClassifierOptions = {}): Uint8Array {
  const model = readOnnx(onnxClassifier(options));
  change(model.graph);
  return writeOnnx(model);
}

const add = (content: Uint8Array | string, request: Partial<AddRequest> = {}, signal?: AbortSignal) =>
  addVersion(store, { file: fileOf(content), name: 'm', preset: 'none', ...request }, { predictors, signal });

const OUTPUT = (sizes: (number | string)[]) => (graph: OnnxGraph) => {
  const dim = sizes.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  graph.output = [{ name: 'output', type: { tensorType: { elemType: DATA_TYPE.float32, shape: { dim } } } }];
};

describe('a version that was added answers as its weights say', () => {
  type Case = ClassifierOptions & { channels?: ChannelOrder };
  it.each<[string, Case, object]>([
    ['NCHW, RGB, float32, logits', {}, { output: { activation: 'softmax' } }],
    ['NHWC, uint8', { layout: 'NHWC', dtype: 'uint8' }, { input: { layout: 'NHWC', dtype: 'uint8', scale: 1 } }],
    ['BGR, float16', { channels: 'BGR', dtype: 'float16' }, { input: { channels: 'BGR', dtype: 'float16' } }],
    ['fixed batch, [1, 10, 1, 1]', { fixedBatch: 1, trailingOnes: 2 }, { output: { activation: 'softmax' } }],
    ['probabilities, 2 classes', { probabilities: true, classes: 2 }, { output: { activation: 'none' } }],
    ['20,000 classes', { classes: 20_000 }, { output: { activation: 'softmax' } }],
  ])('%s', async (_, options, found) => {
    const { manifest, folder: added } = await add(onnxClassifier(options), { channels: options.channels });
    expect(manifest).toMatchObject({ name: 'm', version: 1, ...found });
    const loaded = await loadVersion(added, 'm', 1, { predictors, runtime: { workers: 1 } });
    try {
      const rgb = randomPixels();
      const deadline = performance.now() + 20_000;
      const { classes } = await ask(loaded.predictor, await png(rgb), { topK: 10, deadline });
      const expected = expectedScores(rgb, options);
      expect(classes).toHaveLength(Math.min(10, expected.length));
      for (const { class_id, confidence } of classes) expect(confidence).toBeCloseTo(expected[class_id]!, 2);
      expect(imageClassifierOf(loaded).labels).toHaveLength(expected.length);
    } finally {
      await loaded.predictor.stop(0);
    }
  });
});

describe('what the file leaves open', () => {
  it('is found by a trial run: classes and probabilities', async () => {
    // Nothing but a run can tell that a product with e to the power of 0 leaves probabilities as they are.
    const model = changed(
      (graph) => {
        OUTPUT(['batch', 'classes'])(graph);
        graph.node.at(-1)!.output = ['raw'];
        graph.node.push(
          { opType: 'Exp', input: ['zero'], output: ['one'] },
          { opType: 'Mul', input: ['raw', 'one'], output: ['output'] },
        );
        const zero = new Uint8Array(Float32Array.of(0).buffer);
        graph.initializer.push({ name: 'zero', dims: [1], dataType: DATA_TYPE.float32, rawData: zero });
      },
      { probabilities: true, classes: 7 },
    );
    const { manifest, facts } = await add(model);
    expect(manifest).toMatchObject({ output: { activation: 'none' } });
    expect(facts).toContainEqual({ what: 'classes', value: '7', source: 'trial run' });
    expect(facts).toContainEqual(expect.objectContaining({ what: 'activation', source: 'trial run' }));
  });

  it('is asked for where it cannot be found: the size', async () => {
    const free = changed(({ input }) => {
      const dim = [{ dimParam: 'N' }, { dimValue: 3 }, { dimParam: 'h' }, { dimParam: 'w' }];
      input[0]!.type!.tensorType!.shape = { dim };
    });
    await expect(add(free)).rejects.toThrow(/--input-size/);
    const { manifest } = await add(free, { inputSize: { width: 8, height: 8 } });
    expect(manifest).toMatchObject({ input: { width: 8, height: 8 } });
    await expect(add(free, { inputSize: { width: 9, height: 9 } })).rejects.toThrow(/cannot be added: the model does/);
  });

  it('is that batches do not work: images run one by one then', async () => {
    const model = changed(({ initializer }) => {
      const flat = initializer.find(({ name }) => name === 'flat')!;
      flat.rawData = new Uint8Array(BigInt64Array.of(1n, 192n).buffer);
    });
    const { manifest, warnings } = await add(model);
    expect(manifest.runtime).toEqual({ maxBatch: 1 });
    expect(warnings).toContainEqual(expect.stringContaining('one by one'));
  });
});

it('is numbered after the highest there is, and keeps what it was told', async () => {
  mkdirSync(join(registry, 'm', '4'), { recursive: true });
  const labels = join(folder, 'labels.txt');
  writeFileSync(labels, '\ufeffcat\r\ndog\r\n');
  const { manifest, warnings } = await add(onnxClassifier({ classes: 2 }), {
    labels,
    license: 'MIT',
    description: 'd',
  });
  expect(manifest).toMatchObject({ version: 5, license: 'MIT', description: 'd' });
  expect(manifest.provenance).toMatchObject({
    source: expect.stringMatching(/\.onnx$/),
    sha256: manifest.artifact.sha256,
  });
  expect(warnings).toEqual([]);
  const loaded = await loadVersion(join(registry, 'm', '5'), 'm', 5, { predictors, runtime: { workers: 1 } });
  expect(imageClassifierOf(loaded).labels).toEqual(['cat', 'dog']);
  await loaded.predictor.stop(0);
});

it('is not numbered as a version that is gone and that the history of the policy names', async () => {
  mkdirSync(join(registry, 'm', '2'), { recursive: true });
  const history = join(registry, 'm', 'policy-history');
  mkdirSync(history);
  const policy = { revision: 3, aliases: { old: 6 }, default: 2, shadows: [{ version: 7, percent: 1 }] };
  writeFileSync(join(history, '3.json'), JSON.stringify({ policy }));
  writeFileSync(join(history, '4.json'), '{"policy":');
  writeFileSync(join(history, '5.json'), '{}');
  expect((await add(onnxClassifier())).manifest.version).toBe(8);
  // Whoever brings an old version back says so.
  expect((await add(onnxClassifier(), { version: 7 })).manifest.version).toBe(7);
});

describe('nothing is added, and nothing left behind,', () => {
  const labels = join(folder, 'three.txt');
  beforeAll(() => writeFileSync(labels, 'a\nb\nc\n'));
  const unknown = changed(OUTPUT(['batch', 'classes']));
  it.each<[string, Uint8Array | string, Partial<AddRequest>, RegExp]>([
    ['for text', 'this is text', {}, /cannot be added: this is text, which begins with "this is text"/],
    ['for an empty file', '', {}, /it is empty/],
    ['for a truncated file', onnxClassifier().subarray(0, 500), {}, /no ONNX file, or a damaged one/],
    ['for a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid', {}, /git lfs pull/],
    ['for a file that is not there', '', { file: '/nowhere.onnx' }, /cannot read \/nowhere\.onnx: it is not there/],
    ['for a folder', '', { file: folder }, /it is a folder, not an ONNX file/],
    ['for labels of the wrong number', onnxClassifier(), { labels }, /10 classes but the labels file has 3 lines/],
    ['for such labels where only a run can tell', unknown, { labels }, /10 classes but the labels file has 3 lines/],
    ['for an operator that does not exist', changed(({ node }) => (node[0]!.opType = 'Nope')), {}, /Nope/],
    [
      'for scores that are no numbers',
      changed(({ initializer }) => initializer[0]!.rawData!.fill(255)),
      {},
      /gave NaN for class 0 .* which is no score/,
    ],
    [
      'for weights in other files',
      changed(({ initializer }) =>
        Object.assign(initializer[0]!, { dataLocation: 1, externalData: [{ key: 'location', value: 'w.bin' }] }),
      ),
      {},
      /cannot be added: its weights lie in w\.bin, which must be beside it: it is not there/,
    ],
    ['for a name with a slash', '', { name: 'a/b' }, /is no name for a model/],
    ['for a name that climbs', '', { name: '..' }, /is no name for a model/],
    ['for an encoded name', '', { name: '%2e%2e' }, /is no name for a model/],
    ['for a name in Unicode', '', { name: 'modèle' }, /is no name for a model/],
    ['for a name of 300 characters', '', { name: 'a'.repeat(300) }, /at most 100/],
    ['for version 0', '', { version: 0 }, /0 is no version/],
  ])('%s', async (_, content, request, reason) => {
    await expect(add(content, request)).rejects.toThrow(reason);
    expect(readdirSync(registry)).toEqual([]);
  });

  it('when it is given up', async () => {
    const giveUp = new AbortController();
    const adding = add(onnxClassifier(), {}, giveUp.signal);
    setTimeout(() => giveUp.abort(new Error('enough')), 100);
    await expect(adding).rejects.toThrow('enough');
    expect(readdirSync(registry)).toEqual([]);
  });

  it('when the model folder is a link out of the registry', async () => {
    const outside = mkdtempSync(join(folder, 'outside-'));
    symlinkSync(outside, join(registry, 'm'));
    await expect(add(onnxClassifier())).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(readdirSync(outside)).toEqual([]);
  });
});

describe('of two that add the same version', () => {
  it.each([
    ['new', 1],
    ['known', 2],
  ])('of a %s model, one wins and the other is told', async (_, version) => {
    if (version > 1) await add(onnxClassifier());
    const both = [1, 2].map((seed) => add(onnxClassifier({ seed }), { version }));
    const results = await Promise.allSettled(both);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'CONFLICT', message: expect.stringContaining(`has a version ${version} already`) },
    });
    expect(readdirSync(registry)).toEqual(['m']);
    const versions = Array.from({ length: version }, (_, i) => String(i + 1));
    expect(readdirSync(join(registry, 'm')).sort()).toEqual([...versions, 'policy.json']);
  });
});
