import { InvalidVersionError, parseManifest, runtimeOf } from './manifest';

const GOOD = {
  schema: 1,
  name: 'm',
  version: 2,
  task: 'image-classification',
  artifact: { file: 'model.onnx', sha256: 'a'.repeat(64), bytes: 10 },
  input: {
    name: 'input',
    layout: 'NCHW',
    dtype: 'float32',
    width: 32,
    height: 32,
    channels: 'RGB',
    resize: { mode: 'shorter-side', size: 32, kernel: 'bilinear' },
    crop: 'center',
    scale: 1 / 255,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  },
  output: { name: 'output', activation: 'softmax' },
  labels: 'labels.txt',
};

const parse = (manifest: unknown) => parseManifest(JSON.stringify(manifest), { name: 'm', version: 2 });
const changed = (path: string, value: unknown): unknown => {
  const copy = structuredClone(GOOD) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop()!;
  let node = copy;
  for (const key of keys) node = node[key] as Record<string, unknown>;
  if (value === undefined) delete node[last];
  else node[last] = value;
  return copy;
};

it('is taken as it stands when it is right', () => {
  expect(parse(GOOD)).toEqual(GOOD);
});

it.each([
  ['schema', 2, /schema must be 1/],
  ['surprise', 1, /surprise is not known here/],
  ['input.surprise', 1, /input\.surprise is not known here/],
  ['name', 'other', /says other version 2 but lies in m\/2/],
  ['name', '../m', /name must be lower-case/],
  ['version', 3, /says m version 3 but lies in m\/2/],
  ['version', 0, /version must not be less than 1/],
  ['version', '2', /version must be an integer/],
  ['task', 'poetry', /task must be one of/],
  ['artifact.file', '../../etc/passwd', /artifact\.file must be a relative path/],
  ['artifact.file', '/etc/passwd', /artifact\.file must be a relative path/],
  ['artifact.file', 'a/../../b', /artifact\.file/],
  ['artifact.sha256', 'abc', /artifact\.sha256 must be 64/],
  ['artifact.bytes', -1, /artifact\.bytes must be a positive/],
  ['artifact', undefined, /artifact must be an object/],
  ['input.layout', 'CHWN', /input\.layout must be one of/],
  ['input.width', 0, /input\.width must not be less than 1/],
  ['input.width', 1e9, /input\.width must not be greater than/],
  ['input.mean', [0, 0], /input\.mean must have 3 numbers, one for each channel of RGB/],
  ['input.mean', [0, 0, '0'], /input\.mean each value.*must be a number/],
  ['input.std', [1, 1, 0], /input\.std each value.*must be a positive/],
  ['input.resize.mode', 'stretch', /input\.resize\.mode must be one of/],
  ['input.resize.size', undefined, /input\.resize\.size is needed/],
  ['input.dtype', 'uint8', /input of uint8 without quantization takes the pixels as they are/],
  ['input.dtype', 'int8', /input\.quantization is needed with int8/],
  ['input.channels', 'GREY', /input\.mean must have 1 numbers/],
  ['input.quantization', { scale: 0.1, zero_point: 3 }, /input\.quantization is for uint8 and int8 alone/],
  ['input.quantization', { scale: 0, zero_point: 3 }, /input\.quantization\.scale must be a positive/],
  [
    'input.resize',
    { mode: 'exact', size: [256], kernel: 'bilinear' },
    /input\.resize\.size must be a whole number .* or \[width/,
  ],
  [
    'input.resize',
    { mode: 'exact', color: [0, 0, 300], kernel: 'bilinear' },
    /input\.resize\.color each value.*greater than 255/,
  ],
  ['input.resize', { mode: 'exact', color: [0, 0, 0], kernel: 'bilinear' }, /input\.resize\.color is for mode "pad"/],
  ['output.multi_label', true, /output\.multi_label does not go with softmax/],
  ['output.threshold', 0.5, /output\.threshold is for multi_label alone/],
  ['output.activation', 'relu', /output\.activation must be one of/],
  ['labels', '..', /labels must be a relative path/],
  ['runtime', { workers: 0 }, /runtime\.workers must not be less than 1/],
  [
    'golden',
    [{ image: 'x.png', label: 'a', minConfidence: 2 }],
    /golden\[0\]\.minConfidence must not be greater than 1/,
  ],
])('is refused with %s = %j', (path, value, message) => {
  expect(() => parse(changed(path, value))).toThrow(message);
  expect(() => parse(changed(path, value))).toThrow(InvalidVersionError);
});

it.each([
  ['no JSON', '{', /not valid JSON/],
  ['a list', '[]', /must be an object/],
  ['null', 'null', /must be an object/],
  ['very deep', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, /nested more than/],
])('is refused when it is %s', (_, json, message) => {
  expect(() => parseManifest(json, { name: 'm', version: 2 })).toThrow(message);
});

it.each([
  // what the manifest says, CPUs, what comes of it
  [{}, 1, { workers: 1, threads: 1 }],
  [{}, 2, { workers: 1, threads: 2 }],
  [{}, 3, { workers: 1, threads: 3 }],
  [{}, 8, { workers: 4, threads: 2 }],
  [{ threads: 1 }, 4, { workers: 4, threads: 1 }],
  [{ threads: 2 }, 4, { workers: 2, threads: 2 }],
  [{ threads: 2 }, 3, { workers: 1, threads: 2 }],
  [{ workers: 2 }, 4, { workers: 2, threads: 1 }],
  [{ workers: 8, threads: 8 }, 4, { workers: 1, threads: 4 }],
  [{ workers: 3, threads: 1 }, 1, { workers: 1, threads: 1 }],
])('runs %j on %i CPUs as %j', (runtime, cpus, expected) => {
  const found = runtimeOf(parse(changed('runtime', { ...runtime, maxBatch: 3 })), cpus);
  expect(found).toEqual({ ...expected, maxBatch: 3, maxQueue: 256, maxDelayMs: 0 });
});
