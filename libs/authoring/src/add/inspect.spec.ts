import { DATA_TYPE, type OnnxGraph, type OnnxModel, type OnnxNode, type OnnxValue, readOnnx } from '#onnx';
import { onnxClassifier, type ClassifierOptions } from '#testing/onnx-classifier';
import { InvalidVersionError } from '../../../registry/src/versions/manifest';
import { type GraphChoice, inspect } from './inspect';

type Change = (graph: OnnxGraph) => void;

function classifier(change: Change = () => undefined, options: ClassifierOptions = {}): OnnxModel {
  const model = readOnnx(onnxClassifier(options));
  change(model.graph);
  return model;
}

/** Sizes as numbers, free ones as names, unknown ones as null. */
function value(name: string, elemType: number, sizes?: (number | string | null)[]): OnnxValue {
  const dim = sizes?.map((size) =>
    size === null ? {} : typeof size === 'number' ? { dimValue: size } : { dimParam: size },
  );
  return { name, type: { tensorType: { elemType, shape: dim && { dim } } } };
}

const { float32, float16, int64, float64 } = DATA_TYPE;
const input = (sizes?: (number | string | null)[], type: number = float32): Change => {
  return (graph) => (graph.input = [value('image', type, sizes)]);
};
const output = (sizes?: (number | string | null)[], type: number = float32): Change => {
  return (graph) => (graph.output = [value('output', type, sizes)]);
};
const first = (...nodes: OnnxNode[]): Change => {
  return (graph) =>
    void ((graph.input = [value('image', float32, [1, null, 224, null])]), graph.node.unshift(...nodes));
};
const node = (opType: string, from: string, to: string): OnnxNode => ({ opType, input: [from, 'w'], output: [to] });

describe('of the input, a graph says', () => {
  it.each<[string, OnnxModel, object]>([
    ['NCHW', classifier(), { name: 'input', layout: 'NCHW', dtype: 'float32', width: 8, height: 8, batch: null }],
    ['NHWC and uint8', classifier(undefined, { layout: 'NHWC', dtype: 'uint8' }), { layout: 'NHWC', dtype: 'uint8' }],
    ['float16', classifier(undefined, { dtype: 'float16' }), { dtype: 'float16' }],
    ['a fixed batch', classifier(undefined, { fixedBatch: 1 }), { batch: 1 }],
    ['a batch of -1, which is free', classifier(input([-1, 3, 8, 8])), { batch: null }],
    ['width and height of NCHW', classifier(input(['N', 3, 20, 30])), { width: 30, height: 20 }],
    ['width and height of NHWC', classifier(input(['N', 20, 30, 3])), { width: 30, height: 20 }],
    ['nothing of a free size', classifier(input(['N', 3, 'h', null])), { layout: 'NCHW', width: null, height: null }],
    ['nothing of a free size, NHWC', classifier(input([null, null, null, 3])), { layout: 'NHWC', width: null }],
    ['one channel', classifier(input([1, 1, 28, 28])), { layout: 'NCHW', channels: 1 }],
    ['four channels, last', classifier(input(['N', 64, 64, 4])), { layout: 'NHWC', channels: 4 }],
    ['NCHW by its convolution', classifier(first(node('Conv', 'image', 'x'))), { layout: 'NCHW' }],
    [
      'NCHW by the convolution behind its normalisation',
      classifier(first(node('Cast', 'image', 'a'), node('Sub', 'a', 'b'), node('Conv', 'b', 'c'))),
      { layout: 'NCHW' },
    ],
  ])('%s', (_, model, expected) => {
    expect(inspect(model).input).toMatchObject(expected);
  });

  it('nothing that weights listed among the inputs could hide', () => {
    const model = classifier((graph) => graph.input.unshift(value('weights', float32, [192, 10])));
    expect(inspect(model).input.name).toBe('input');
  });

  it('what a person has to add where the layout cannot be told', () => {
    const ambiguous = classifier(input([1, 3, 224, 3]));
    expect(() => inspect(ambiguous)).toThrow(/--layout NCHW or --layout NHWC/);
    expect(inspect(ambiguous, { layout: 'NHWC' }).input).toMatchObject({ layout: 'NHWC', height: 3, width: 224 });
  });
});

describe('of the output, a graph says', () => {
  it.each<[string, OnnxModel, object]>([
    ['its name and classes', classifier(), { name: 'output', classes: 10, end: null }],
    ['the classes of [batch, 10, 1, 1]', classifier(undefined, { trailingOnes: 2 }), { classes: 10 }],
    ['the classes of [1, 1, 10]', classifier(output([1, 1, 10])), { classes: 10 }],
    ['the classes of a batch that is squeezed away', classifier(output([10]), { fixedBatch: 1 }), { classes: 10 }],
    ['nothing of free classes', classifier(output(['batch', 'classes'])), { classes: null }],
    ['nothing without a shape', classifier(output(undefined)), { classes: null }],
    ['that it holds probabilities', classifier(undefined, { probabilities: true }), { end: 'softmax' }],
    ['one value per image', classifier(output(['N', 1])), { classes: 1 }],
  ])('%s', (_, model, expected) => {
    expect(inspect(model).output).toMatchObject(expected);
  });

  it.each([['Reshape'], ['Flatten'], ['Squeeze'], ['Identity'], ['Cast'], ['DequantizeLinear']])(
    'that it holds probabilities behind a %s',
    (opType) => {
      const model = classifier((graph) => {
        graph.node = [...graph.node.slice(0, -1), node('Softmax', 'scores', 'p'), node(opType, 'p', 'output')];
      });
      expect(inspect(model).output.end).toBe('softmax');
    },
  );

  it('nothing certain where a Softmax is not the end', () => {
    const model = classifier((graph) => {
      graph.node = [...graph.node.slice(0, -1), node('Softmax', 'scores', 'p'), node('Mul', 'p', 'output')];
    });
    expect(inspect(model).output.end).toBeNull();
  });

  it('nothing at all where it goes round in circles', () => {
    const model = classifier((graph) => (graph.node = [node('Identity', 'a', 'output'), node('Cast', 'output', 'a')]));
    expect(inspect(model).output.end).toBeNull();
  });

  it('which of several outputs holds the scores only by what a person adds', () => {
    const model = classifier((graph) => graph.output.push(value('features', float32, [1, 512])));
    expect(() => inspect(model)).toThrow(/several outputs \(output: .*; features: .*--output NAME/);
    expect(inspect(model, { output: 'features' }).output).toMatchObject({ name: 'features', classes: 512 });
    expect(() => inspect(model, { output: 'x' })).toThrow(/no output "x"; it has output: float32/);
  });
});

describe('a graph is refused, with what is wrong and how to mend it', () => {
  it.each<[string, Change, RegExp, GraphChoice?]>([
    ['no input', (graph) => (graph.input = []), /no input that an image could go into/],
    ['several inputs', (graph) => graph.input.push(value('mask', float32, [1, 8])), /2 inputs \(input: .*; mask: /],
    ['two channels', input([1, 2, 28, 28]), /images of 2 channels, but only those of 1 \(grey\), 3/],
    ['two dimensions', input(['N', 784]), /image: float32 \[N, 784\] but an image has four dimensions/],
    ['five dimensions', input([1, 3, 16, 112, 112]), /four dimensions/],
    ['an unknown shape', input(undefined), /of unknown shape but an image has four dimensions/],
    ['int64', input([1, 3, 8, 8], int64), /image: int64 .*; float32, float16, uint8 and int8 can be served/],
    ['float64', input([1, 3, 8, 8], float64), /float64 .* can be served/],
    ['text', input([1, 3, 8, 8], 8), /the input is image: string/],
    ['a layout that is not its own', () => undefined, /is NCHW and not NHWC/, { layout: 'NHWC' }],
    ['no output', (graph) => (graph.output = []), /has no output/],
    ['class numbers instead of scores', output([1], int64), /ArgMax/],
    ['a map of scores', output([1, 21, 512, 512], float16), /not one score per class/],
    ['a sequence', (graph) => (graph.output[0]!.type = {}), /a sequence, a map or the like/],
    ['uint16', input([1, 3, 8, 8], 4), /the input is image: uint16/],
    ['bfloat16 scores', output([1, 10], 16), /bfloat16 .*export the model with one of these/],
  ])('%s', (_, change, reason, choice = {}) => {
    const model = classifier(change);
    expect(() => inspect(model, choice)).toThrow(reason);
    expect(() => inspect(model, choice)).toThrow(InvalidVersionError);
  });
});
