import type { GraphFacts } from './inspect';
import { choosePreprocessing, type PreprocessingChoice } from './preprocessing';

const graph = (changes: Partial<GraphFacts['input']> = {}): GraphFacts['input'] => ({
  name: 'input',
  layout: 'NCHW',
  dtype: 'float32',
  channels: 3,
  width: 224,
  height: 224,
  batch: null,
  ...changes,
});
const FREE = graph({ width: null, height: null });
const inputOf = (choice: PreprocessingChoice, input = graph(), classes: number | null = 5) =>
  choosePreprocessing(input, classes, choice).input;

describe('images are prepared', () => {
  it.each<[string, PreprocessingChoice, GraphFacts['input'], object]>([
    [
      'as for ImageNet',
      { preset: 'imagenet' },
      graph(),
      {
        width: 224,
        resize: { mode: 'shorter-side', size: 256, kernel: 'bilinear' },
        crop: 'center',
        channels: 'RGB',
        scale: 1 / 255,
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
      },
    ],
    [
      'with a border in proportion',
      { preset: 'imagenet' },
      graph({ width: 448, height: 448 }),
      { resize: { mode: 'shorter-side', size: 512, kernel: 'bilinear' } },
    ],
    [
      "as Caffe's models want them",
      { preset: 'imagenet-bgr' },
      graph(),
      { channels: 'BGR', scale: 1, mean: [103.939, 116.779, 123.68], std: [1, 1, 1] },
    ],
    ['at the usual size where it is open', { preset: 'imagenet' }, FREE, { width: 224, height: 224 }],
    [
      'as for CIFAR-10',
      { preset: 'cifar10' },
      FREE,
      { width: 32, resize: { mode: 'shorter-side', size: 32, kernel: 'bilinear' }, std: [0.247, 0.2435, 0.2616] },
    ],
    [
      'as 0..1 and nothing else',
      { preset: 'none' },
      graph(),
      { resize: { mode: 'exact', kernel: 'bilinear' }, crop: 'none', scale: 1 / 255, mean: [0, 0, 0], std: [1, 1, 1] },
    ],
    [
      'as single flags say, whatever the preset',
      { preset: 'imagenet', mean: [1, 2, 3], channels: 'BGR', resize: { mode: 'pad' } },
      graph(),
      {
        mean: [1, 2, 3],
        std: [0.229, 0.224, 0.225],
        channels: 'BGR',
        resize: { mode: 'pad', kernel: 'bilinear' },
        crop: 'none',
      },
    ],
    [
      'of the size that was asked for where it is open',
      { preset: 'imagenet', inputSize: { width: 320, height: 240 } },
      FREE,
      { width: 320, height: 240 },
    ],
    [
      'as plain pixels for uint8',
      { preset: 'imagenet' },
      graph({ dtype: 'uint8' }),
      { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] },
    ],
  ])('%s', (_, choice, input, expected) => {
    expect(inputOf(choice, input)).toMatchObject(expected);
  });

  it('as is likely where nobody said how, and that is said', () => {
    expect(choosePreprocessing(graph(), 1000, {})).toMatchObject({ preset: 'imagenet', isAssumed: true });
    expect(choosePreprocessing(graph({ width: 32, height: 32 }), 10, {}).preset).toBe('cifar10');
    expect(choosePreprocessing(graph(), 7, {}).preset).toBe('none');
    const { facts } = choosePreprocessing(graph(), 1000, { mean: [0, 0, 0] });
    const sources = Object.fromEntries(facts.map(({ what, source }) => [what, source]));
    expect(sources).toMatchObject({ size: 'file', mean: 'option', std: 'assumed', channels: 'assumed' });
  });

  it.each<[number, string, string]>([
    [1001, '', 'inception'],
    [1000, 'tf2onnx', 'inception'],
    [1000, 'keras2onnx', 'inception'],
    [1000, 'onnx-caffe2', 'imagenet-bgr'],
    [1000, 'pytorch', 'imagenet'],
  ])('as is likely for %d classes of a file that %s wrote: %s', (classes, producer, preset) => {
    expect(choosePreprocessing(graph(), classes, {}, { producer }).preset).toBe(preset);
  });

  it.each<[string, PreprocessingChoice, GraphFacts['input'], object]>([
    ['a kernel', { kernel: 'bicubic' }, graph(), { resize: { mode: 'exact', kernel: 'bicubic' } }],
    [
      'a size before the crop',
      { resize: { mode: 'exact', size: 256 } },
      graph(),
      { resize: { mode: 'exact', size: 256, kernel: 'bilinear' }, crop: 'center' },
    ],
    ['two sizes before it', { resize: { mode: 'exact', size: [300, 256] } }, graph(), { resize: { size: [300, 256] } }],
    [
      'what pad adds',
      { resize: { mode: 'pad' }, padColor: [114, 114, 114] },
      graph(),
      { resize: { mode: 'pad', kernel: 'bilinear', color: [114, 114, 114] }, crop: 'none' },
    ],
    [
      'one channel of three numbers',
      { preset: 'imagenet' },
      graph({ channels: 1 }),
      { channels: 'GREY', mean: [0.449] },
    ],
    [
      'four of three numbers',
      { preset: 'imagenet-bgr' },
      graph({ channels: 4 }),
      { channels: 'BGRA', mean: [103.939, 116.779, 123.68, 0] },
    ],
    [
      'the range of a quantised input',
      {},
      graph({ dtype: 'int8', quantization: { scale: 1 / 127.5, zero_point: 0 } }),
      { scale: 1 / 127.5, mean: [1, 1, 1], quantization: { scale: 1 / 127.5, zero_point: 0 } },
    ],
    [
      'uint8 whose integers are of another range',
      { preset: 'imagenet' },
      graph({ dtype: 'uint8', quantization: { scale: 0.0186, zero_point: 114 } }),
      { mean: [0.485, 0.456, 0.406], quantization: { scale: 0.0186, zero_point: 114 } },
    ],
  ])('by %s', (_, choice, input, expected) => {
    expect(inputOf(choice, input)).toMatchObject(expected);
  });

  it('without assuming anything where a preset was named', () => {
    expect(choosePreprocessing(graph(), 1000, { preset: 'none' }).isAssumed).toBe(false);
  });
});

it.each<[string, PreprocessingChoice, GraphFacts['input'], RegExp]>([
  ['no size', {}, FREE, /--input-size, such as 224/],
  [
    'another size than the graph has',
    { inputSize: { width: 225, height: 225 } },
    graph(),
    /224 x 224 pixels, not of 225/,
  ],
  ['a normalised uint8 input', { mean: [1, 1, 1] }, graph({ dtype: 'uint8' }), /takes the pixels as they are/],
  ['channels that it has not', { channels: 'GREY' }, graph(), /give --channels RGB or --channels BGR/],
  ['a colour without a pad', { padColor: [0, 0, 0] }, graph(), /for --resize pad/],
  ['two means', { mean: [1, 2] }, graph(), /one for each of the 3 channels/],
  [
    'a resize that does not fit without a crop',
    { resize: { mode: 'shorter-side', size: 256 }, crop: 'none' },
    graph(),
    /do not give 224 x 224 pixels/,
  ],
])('%s is refused', (_, choice, input, reason) => {
  expect(() => inputOf(choice, input)).toThrow(reason);
});
