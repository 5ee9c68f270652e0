import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PredictorFactory } from '#inference';
import { DATA_TYPE, type OnnxNode, readOnnx } from '#onnx';
import { FolderStore, loadVersion } from '#registry';
import { classify, WORKER_ENTRY } from '#tasks';
import { png } from '#testing/images';
import { mixingClassifier } from '#testing/mixing-classifier';
import { writeOnnx } from '#testing/onnx-file';
import {
  axis,
  bytes,
  floats,
  int64s,
  nodeOf,
  smallClassifier,
  type SmallOptions,
  valueOf,
} from '#testing/small-classifier';
import { type AddRequest, addVersion } from './add-version';

// Every one starts workers, some of them several.
jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'eyrie-brought-'));
const predictors = new PredictorFactory({ workerEntry: WORKER_ENTRY, maxPixels: 1_000_000 });
let store: FolderStore;
beforeAll(async () => void (store = await FolderStore.open(mkdtempSync(join(folder, 'registry-')))));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
async function add(content: Uint8Array, request: Partial<AddRequest> = {}) {
  const file = join(folder, `${files++}.onnx`);
  writeFileSync(file, content);
  return addVersion(store, { file, name: 'm', preset: 'none', ...request }, { predictors });
}

const COLOUR = [200, 100, 50] as const;
const LUMA = (200 * 299 + 100 * 587 + 50 * 114) / 1000;

/** What a version says of an image of one colour: its labels and confidences, best first. */
async function says(added: { folder: string; manifest: { version: number } }, topK?: number) {
  const { version } = added.manifest;
  const loaded = await loadVersion(added.folder, 'm', version, { predictors, runtime: { workers: 1, threads: 1 } });
  try {
    const image = await png(Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => COLOUR[i % 3]!));
    const { output } = await classify(loaded, image, { topK, deadline: performance.now() + 20_000 });
    return output.map(({ label, confidence }): [string, number] => [label, confidence]);
  } finally {
    await loaded.stop(0);
  }
}

const labelsFile = (content: string | Uint8Array, name = 'labels.txt'): string => {
  const path = join(mkdtempSync(join(folder, 'labels-')), name);
  writeFileSync(path, content);
  return path;
};

const WEIGHTS = [
  [3, -2, 1],
  [1, 2, -3],
  [-1, 1, 2],
];
const SMALL = [
  [0.1, 0.2, 0],
  [0, 0.1, 0.3],
  [0.2, 0, 0.1],
];
const logitsOf = (weights: number[][]) =>
  weights[0]!.map((_, j) => COLOUR.reduce((sum, value, i) => sum + (value / 255) * weights[i]![j]!, 0));
const LOGITS = logitsOf(WEIGHTS);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softmaxOf = (logits: number[]) =>
  logits.map((x) => Math.exp(x) / logits.reduce((sum, y) => sum + Math.exp(y), 0));
const softmax = softmaxOf(LOGITS);
const factor = (value: number) => [floats('k', [value])];
const small = (tail: OnnxNode[], options: Partial<SmallOptions> = {}) =>
  smallClassifier({ weights: WEIGHTS, tail, output: [valueOf('scores', ['batch', 3])], ...options });
const SHAPE = [int64s('three', [-1, 3])];

describe('the last activation of a graph', () => {
  const calls = {
    functions: [
      {
        name: 'Head',
        domain: 'local',
        input: ['x'],
        output: ['y'],
        opsetImport: [{ version: 13 }],
        node: [nodeOf('Sigmoid', ['x'], 'p'), nodeOf('Identity', ['p'], 'y')],
      },
    ],
    opsetImport: [{ version: 13 }, { domain: 'local', version: 1 }],
  };
  it.each<[string, Uint8Array, number[], object, string]>([
    [
      'a Sigmoid behind what does not change it',
      small(
        [
          nodeOf('Sigmoid', ['logits'], 'p'),
          nodeOf('Identity', ['p'], 'i'),
          nodeOf('Unsqueeze', ['i', 'two'], 'u'),
          nodeOf('Dropout', ['u'], 'd'),
          nodeOf('Reshape', ['d', 'three'], 'scores'),
        ],
        { initializer: [...SHAPE, int64s('two', [2])] },
      ),
      LOGITS.map(sigmoid),
      { activation: 'none' },
      'file',
    ],
    [
      'a Sigmoid in a function',
      small([nodeOf('Head', ['logits'], 'scores', { domain: 'local' })], { model: calls }),
      LOGITS.map(sigmoid),
      { activation: 'none' },
      'file',
    ],
    [
      'a Sigmoid put together of other operators',
      small(
        [
          nodeOf('Neg', ['logits'], 'n'),
          nodeOf('Exp', ['n'], 'e'),
          nodeOf('Add', ['e', 'one'], 'a'),
          nodeOf('Reciprocal', ['a'], 'scores'),
        ],
        { initializer: [floats('one', [1])] },
      ),
      LOGITS.map(sigmoid),
      { activation: 'none' },
      'trial run',
    ],
    [
      'a LogSoftmax',
      small([nodeOf('LogSoftmax', ['logits'], 'scores', axis(1))]),
      softmax,
      { activation: 'softmax' },
      'file',
    ],
    [
      'a Sigmoid times one',
      small([nodeOf('Sigmoid', ['logits'], 'p'), nodeOf('Mul', ['p', 'k'], 'scores')], { initializer: factor(1) }),
      LOGITS.map(sigmoid),
      { activation: 'none' },
      'file',
    ],
    [
      'the logarithm of a Softmax',
      small([nodeOf('Softmax', ['logits'], 'p', axis(1)), nodeOf('Log', ['p'], 'scores')]),
      softmax,
      { activation: 'softmax' },
      'file',
    ],
    [
      'none, of a product whose values happen to lie in 0..1',
      smallClassifier({ weights: SMALL }),
      softmaxOf(logitsOf(SMALL)),
      { activation: 'softmax' },
      'trial run',
    ],
    [
      'none, of small numbers of either sign',
      small([nodeOf('Mul', ['logits', 'k'], 'scores')], { initializer: factor(0.001) }),
      softmaxOf(LOGITS.map((x) => x * 0.001)),
      { activation: 'softmax' },
      'trial run',
    ],
    ['none', small([nodeOf('Identity', ['logits'], 'scores')]), softmax, { activation: 'softmax' }, 'trial run'],
    [
      'a Softmax whose scores are one output of several',
      small([nodeOf('Softmax', ['logits'], 'scores', axis(1)), nodeOf('ArgMax', ['logits'], 'best', axis(1))], {
        output: [
          valueOf('logits', ['batch', 3]),
          valueOf('best', ['batch', 1], DATA_TYPE.int64),
          valueOf('scores', ['batch', 3]),
        ],
      }),
      softmax,
      { name: 'scores', activation: 'none' },
      'file',
    ],
  ])('%s', async (_, model, expected, output, source) => {
    const added = await add(model);
    expect(added.manifest.output).toMatchObject(output);
    expect(added.facts).toContainEqual(expect.objectContaining({ what: 'activation', source }));
    const said = new Map(await says(added, 3));
    expected.forEach((confidence, i) => expect(said.get(`class_${i}`)).toBeCloseTo(confidence, 4));
  });

  it('a Softmax over another dimension than the classes is refused', async () => {
    const wrong = small(
      [
        nodeOf('Reshape', ['logits', 'apart'], 'r'),
        nodeOf('Softmax', ['r'], 'p', axis(2)),
        nodeOf('Reshape', ['p', 'three'], 'scores'),
      ],
      { initializer: [...SHAPE, int64s('apart', [-1, 3, 1])] },
    );
    await expect(add(wrong)).rejects.toThrow(/score 1: its Softmax runs over another dimension/);
  });

  const softmaxed = nodeOf('Softmax', ['logits'], 'p', axis(1));
  const sigmoided = nodeOf('Sigmoid', ['logits'], 'p');
  const one = { weights: [[3], [-1], [1]] };
  it.each<[string, Uint8Array, RegExp]>([
    [
      'percentages of a Softmax',
      small([softmaxed, nodeOf('Mul', ['p', 'k'], 'scores')], { initializer: factor(100) }),
      /multiplies by 100 what its softmax gives/,
    ],
    [
      'percentages of a Sigmoid',
      small([sigmoided, nodeOf('Div', ['p', 'k'], 'scores')], { initializer: factor(0.01) }),
      /multiplies by 100 what its sigmoid gives/,
    ],
    [
      'the sum of two Softmaxes',
      small([softmaxed, nodeOf('Softmax', ['mean'], 'q', axis(1)), nodeOf('Add', ['p', 'q'], 'scores')]),
      /the scores of each image add up to 2: they are shares of that/,
    ],
    ['the logarithm of a Sigmoid', small([sigmoided, nodeOf('Log', ['p'], 'scores')]), /logarithm of a Sigmoid/],
    [
      'a Tanh',
      smallClassifier({ ...one, tail: [nodeOf('Tanh', ['logits'], 't')], output: [valueOf('t', ['b', 1])] }),
      /ends in a Tanh, whose -1\.\.1 are no confidences/,
    ],
    [
      'the best scores, sorted',
      small([softmaxed, nodeOf('TopK', ['p', 'two'], 'scores')], {
        initializer: [int64s('two', [2])],
        output: [valueOf('scores', ['batch', 2])],
      }),
      /comes from TopK, which gives the best scores alone/,
    ],
  ])('%s: refused, with what to do', async (_, model, expected) => {
    await expect(add(model)).rejects.toThrow(expected);
  });
});

describe('a question that has no single answer', () => {
  it('multi-label: all classes that reach the threshold, which may be none', async () => {
    const logits = small([nodeOf('Identity', ['logits'], 'scores')]);
    const added = await add(logits, { multiLabel: true, threshold: 0.6 });
    expect(added.manifest.output).toEqual({ name: 'scores', activation: 'sigmoid', multi_label: true, threshold: 0.6 });
    const expected = LOGITS.map(sigmoid).filter((score) => score >= 0.6);
    expect(await says(added)).toHaveLength(expected.length);
    expect(await says(added, 1)).toEqual([['class_0', expect.closeTo(Math.max(...expected), 4)]]);
    const strict = await add(logits, { multiLabel: true, threshold: 0.999 });
    expect(await says(strict)).toEqual([]);
    await expect(add(small([nodeOf('Softmax', ['logits'], 'scores', axis(1))]), { multiLabel: true })).rejects.toThrow(
      /--multi-label does not go with softmax/,
    );
  });

  const ONE = [[2], [1], [-3]];
  const p = sigmoid((200 * 2 + 100 - 150) / 255);
  it.each<[string, Uint8Array, string]>([
    [
      'a probability',
      smallClassifier({
        weights: ONE,
        tail: [nodeOf('Sigmoid', ['logits'], 'p')],
        output: [valueOf('p', ['batch', 1])],
      }),
      'none',
    ],
    ['a logit', smallClassifier({ weights: ONE }), 'sigmoid'],
    [
      'a logit of a shape that is not said',
      smallClassifier({ weights: ONE, output: [valueOf('logits', ['b', 'c'])] }),
      'sigmoid',
    ],
  ])('yes or no, by one value: %s', async (_, model, activation) => {
    const added = await add(model, { labels: labelsFile('cat\ndog\n') });
    expect(added.manifest).toMatchObject({ output: { activation } });
    expect(await says(added, 2)).toEqual([
      ['dog', expect.closeTo(p, 4)],
      ['cat', expect.closeTo(1 - p, 4)],
    ]);
  });
});

describe('what others have', () => {
  const quantized = (type: number, zero: number) =>
    small([nodeOf('Softmax', ['logits'], 'p', axis(1)), nodeOf('QuantizeLinear', ['p', 's', 'z'], 'scores')], {
      output: [valueOf('scores', ['batch', 3], type)],
      initializer: [floats('s', [1 / 256]), bytes('z', zero, type)],
    });
  const dequantized = (type: number, scale: number, zero: number) =>
    smallClassifier({
      weights: WEIGHTS,
      dtype: type,
      head: [nodeOf('DequantizeLinear', ['input', 's', 'z'], 'image')],
      initializer: [floats('s', [scale]), bytes('z', zero, type)],
    });
  const GREY = [[3, -2]];
  const grey = (LUMA / 255) * 5;
  const alpha = [...WEIGHTS, [1, 0, 0]];
  const withAlpha = LOGITS.map((x, i) => x + (i === 0 ? 1 : 0));
  const chances = (logits: number[]) =>
    logits.map((x) => Math.exp(x) / logits.reduce((sum, y) => sum + Math.exp(y), 0));

  it.each<[string, Uint8Array, number[], object, Partial<AddRequest>?]>([
    [
      'uint8 scores',
      quantized(DATA_TYPE.uint8, 0),
      softmax,
      { output: { activation: 'none', quantization: { scale: 1 / 256, zero_point: 0 } } },
    ],
    [
      'int8 scores',
      quantized(DATA_TYPE.int8, -128),
      softmax,
      { output: { activation: 'none', quantization: { zero_point: -128 } } },
    ],
    [
      'int8 pixels of 0..1, by themselves',
      dequantized(DATA_TYPE.int8, 1 / 255, -128),
      softmax,
      { input: { dtype: 'int8', quantization: { zero_point: -128 } } },
      { preset: undefined },
    ],
    ['uint8 pixels of 0..1', dequantized(DATA_TYPE.uint8, 1 / 255, 0), softmax, { input: { dtype: 'uint8' } }],
    [
      'a grey image',
      smallClassifier({ weights: GREY }),
      chances([grey * 0.6, -grey * 0.4]),
      { input: { channels: 'GREY', mean: [0], std: [1] } },
    ],
    [
      'four channels',
      smallClassifier({ weights: alpha }),
      chances(withAlpha),
      { input: { channels: 'RGBA', std: [1, 1, 1, 1] } },
    ],
  ])('%s', async (_, model, expected, manifest, request = {}) => {
    const added = await add(model, request);
    expect(added.manifest).toMatchObject({
      ...manifest,
      ...('output' in manifest && {
        output: { ...(manifest.output as object), quantization: expect.anything() },
      }),
    });
    const said = new Map(await says(added, expected.length));
    expected.forEach((confidence, i) => expect(said.get(`class_${i}`)).toBeCloseTo(confidence, 2));
  });

  it('a ZipMap is cut off, and its labels are those of the model', async () => {
    const labels = ['cat', 'dog', 'owl'].map((text) => Buffer.from(text));
    const model = small(
      [
        nodeOf('Softmax', ['logits'], 'p', axis(1)),
        nodeOf('ZipMap', ['p'], 'maps', {
          domain: 'ai.onnx.ml',
          attribute: [{ name: 'classlabels_strings', type: 8, strings: labels }],
        }),
      ],
      {
        output: [{ name: 'maps', type: {} }],
        model: { opsetImport: [{ version: 13 }, { domain: 'ai.onnx.ml', version: 3 }] },
      },
    );
    const added = await add(model);
    expect(added.facts).toContainEqual(
      expect.objectContaining({ what: 'changed', value: expect.stringContaining('ZipMap') }),
    );
    expect((await says(added, 1))[0]).toEqual(['cat', expect.closeTo(softmax[0]!, 4)]);
  });

  it('weights in a file beside it are put into it', async () => {
    const model = readOnnx(small([nodeOf('Identity', ['logits'], 'scores')]));
    const { rawData, ...rest } = model.graph.initializer[0]!;
    const location = [
      { key: 'location', value: 'beside.data' },
      { key: 'offset', value: '4096' },
      { key: 'length', value: String(rawData!.length) },
    ];
    model.graph.initializer[0] = { ...rest, dataLocation: 1, externalData: location };
    const broken = writeOnnx(model);
    await expect(add(broken)).rejects.toThrow(/weights lie in beside\.data, which must be beside it: it is not there/);
    writeFileSync(join(folder, 'beside.data'), Buffer.concat([Buffer.alloc(4096), rawData!]));
    const added = await add(broken);
    expect(added.manifest.provenance?.changes).toEqual(['the weights of beside.data were put into it']);
    expect((await says(added, 1))[0]).toEqual(['class_0', expect.closeTo(softmax[0]!, 4)]);
    for (const value of ['../beside.data', '/etc/passwd', 'a/../../x']) {
      location[0]!.value = value;
      await expect(add(writeOnnx(model))).rejects.toThrow(/outside of its folder|must be beside it/);
    }
  });

  it('a scale that is found at run time: images run one by one', async () => {
    const { manifest, facts, warnings } = await add(mixingClassifier('a scale that is found at run time'));
    expect(manifest.runtime).toEqual({ maxBatch: 1 });
    expect(facts).toContainEqual({ what: 'batch', value: 'one image', source: 'trial run' });
    expect(warnings).toContainEqual(expect.stringMatching(/change with the others in its batch .* one by one/));
  });

  it('metadata says how images are prepared and what the classes are', async () => {
    const metadataProps = [
      { key: 'Image.BitmapPixelFormat', value: 'Bgr8' },
      { key: 'Image.NominalPixelRange', value: 'Normalized_1_1' },
      { key: 'names', value: `{0: 'cat', 1: "dog's", 2: 'owl'}` },
    ];
    const added = await add(smallClassifier({ weights: WEIGHTS, model: { metadataProps } }), { preset: undefined });
    expect(added.manifest).toMatchObject({
      input: { channels: 'BGR', mean: [1, 1, 1], resize: { mode: 'exact' } },
    });
    expect(added.facts).toContainEqual(expect.objectContaining({ what: 'channels', source: 'file' }));
    expect(added.warnings).toEqual([]);
    expect((await says(added, 3)).map(([label]) => label).sort()).toEqual(['cat', "dog's", 'owl']);
  });
});
