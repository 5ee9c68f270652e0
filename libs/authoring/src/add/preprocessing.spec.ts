import type { GraphFacts } from './inspect';
import { choosePreprocessing, type PreprocessingChoice } from './preprocessing';

const graph = (changes: Partial<GraphFacts['input']> = {}): GraphFacts['input'] => ({
  name: 'input',
  layout: 'NCHW',
  dtype: 'float32',
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
    expect(choosePreprocessing(graph(), 1000, {}).assumed).toBe('imagenet');
    expect(choosePreprocessing(graph({ width: 32, height: 32 }), 10, {}).assumed).toBe('cifar10');
    expect(choosePreprocessing(graph(), 7, {}).assumed).toBe('none');
    const { facts } = choosePreprocessing(graph(), 1000, { mean: [0, 0, 0] });
    const sources = Object.fromEntries(facts.map(({ what, source }) => [what, source]));
    expect(sources).toMatchObject({ size: 'file', mean: 'option', std: 'assumed', channels: 'assumed' });
  });

  it('without assuming anything where a preset was named', () => {
    expect(choosePreprocessing(graph(), 1000, { preset: 'none' }).assumed).toBeNull();
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
  [
    'a resize that does not fit without a crop',
    { resize: { mode: 'shorter-side', size: 256 }, crop: 'none' },
    graph(),
    /do not give 224 x 224 pixels/,
  ],
])('%s is refused', (_, choice, input, reason) => {
  expect(() => inputOf(choice, input)).toThrow(reason);
});
