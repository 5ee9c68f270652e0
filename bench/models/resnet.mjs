// ResNet-18 and ResNet-50 (He et al., "Deep Residual Learning for Image Recognition", 2015) in the shape of torchvision's
// `resnet18` and `resnet50`: the stride of a bottleneck is in its 3 x 3 convolution. Batch norm is folded into the
// convolutions, as exporters do. The weights are random: what a run costs does not depend on them.
import { ATTRIBUTE_TYPE, DATA_TYPE, MODEL_PROTO } from '#onnx';
import { randomSource, randomWeights } from './random.mjs';

const CLASSES = 1000;
const SIDE = 224;

const DEPTHS = {
  resnet18: { blocks: [2, 2, 2, 2], bottleneck: false },
  resnet50: { blocks: [3, 4, 6, 3], bottleneck: true },
};

export const RESNETS = Object.keys(DEPTHS);

/**
 * The file of an ONNX model: `input` float32 [batch, 3, 224, 224] to `logits` float32 [batch, 1000]. Weights are named as in
 * torchvision's state dicts; a convolution has a bias where torchvision has a batch norm behind it.
 * @param {'resnet18' | 'resnet50'} name
 * @param {number} seed another seed makes other weights
 * @returns {Uint8Array}
 */
export function resnet(name, seed = 1) {
  const { blocks, bottleneck } = DEPTHS[name];
  const graph = new GraphBuilder(randomSource(seed));
  let x = graph.relu(graph.convolution('input', 'conv1', { from: 3, to: 64, kernel: 7, stride: 2 }));
  x = graph.add('MaxPool', [x], 'maxpool', [
    ints('kernel_shape', [3, 3]),
    ints('strides', [2, 2]),
    ints('pads', [1, 1, 1, 1]),
  ]);
  let channels = 64;
  blocks.forEach((count, stage) => {
    const width = 64 * 2 ** stage;
    const out = bottleneck ? width * 4 : width;
    for (let i = 0; i < count; i++) {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const block = { name: `layer${stage + 1}.${i}`, from: channels, width, out, stride };
      x = bottleneck ? bottleneckBlock(graph, x, block) : basicBlock(graph, x, block);
      channels = out;
    }
  });
  x = graph.add('GlobalAveragePool', [x], 'avgpool');
  x = graph.add('Flatten', [x], 'flat', [int('axis', 1)]);
  graph.linear(x, 'fc', 'logits', channels, CLASSES);
  return graph.write(name);
}

function basicBlock(graph, x, { name, from, out, stride }) {
  const inner = graph.relu(graph.convolution(x, `${name}.conv1`, { from, to: out, kernel: 3, stride }));
  const last = graph.convolution(inner, `${name}.conv2`, { from: out, to: out, kernel: 3, gain: LAST_GAIN });
  return graph.join(last, shortcut(graph, x, { name, from, out, stride }), name);
}

function bottleneckBlock(graph, x, { name, from, width, out, stride }) {
  const narrow = graph.relu(graph.convolution(x, `${name}.conv1`, { from, to: width, kernel: 1 }));
  const inner = graph.relu(graph.convolution(narrow, `${name}.conv2`, { from: width, to: width, kernel: 3, stride }));
  const last = graph.convolution(inner, `${name}.conv3`, { from: width, to: out, kernel: 1, gain: LAST_GAIN });
  return graph.join(last, shortcut(graph, x, { name, from, out, stride }), name);
}

function shortcut(graph, x, { name, from, out, stride }) {
  if (from === out && stride === 1) return x;
  return graph.convolution(x, `${name}.downsample.0`, { from, to: out, kernel: 1, stride, gain: 1 });
}

/** Keeps the variance through a convolution followed by ReLU (He et al. 2015). */
const HE_GAIN = 2;
/** Each block adds to its input; with less than the full variance the sum stays small over sixteen of them. */
const LAST_GAIN = 0.2;

/** Lets a few of the classes stand out, as in a trained network: answers can be told apart. */
const LOGIT_GAIN = 30;

class GraphBuilder {
  node = [];
  initializer = [];

  constructor(next) {
    this.next = next;
  }

  add(opType, input, name, attribute = []) {
    this.node.push({ opType, input, output: [name], name, attribute });
    return name;
  }

  convolution(x, name, { from, to, kernel, stride = 1, gain = HE_GAIN }) {
    const fanIn = from * kernel * kernel;
    this.floats(`${name}.weight`, [to, from, kernel, kernel], Math.sqrt(gain / fanIn));
    this.floats(`${name}.bias`, [to], 0.05);
    const pad = (kernel - 1) / 2;
    return this.add('Conv', [x, `${name}.weight`, `${name}.bias`], name, [
      ints('kernel_shape', [kernel, kernel]),
      ints('strides', [stride, stride]),
      ints('pads', [pad, pad, pad, pad]),
    ]);
  }

  relu(x) {
    return this.add('Relu', [x], `${x}.relu`);
  }

  join(x, residual, name) {
    return this.relu(this.add('Add', [x, residual], `${name}.add`));
  }

  linear(x, name, output, from, to) {
    this.floats(`${name}.weight`, [to, from], Math.sqrt(LOGIT_GAIN / from));
    this.floats(`${name}.bias`, [to], 0.05);
    const attribute = [int('transB', 1)];
    this.node.push({ opType: 'Gemm', input: [x, `${name}.weight`, `${name}.bias`], output: [output], name, attribute });
  }

  floats(name, dims, deviation) {
    const count = dims.reduce((product, size) => product * size, 1);
    const values = randomWeights(count, deviation, this.next);
    this.initializer.push({ name, dims, dataType: DATA_TYPE.float32, rawData: new Uint8Array(values.buffer) });
  }

  write(name) {
    const value = (of, sizes) => ({
      name: of,
      type: {
        tensorType: {
          elemType: DATA_TYPE.float32,
          shape: { dim: [{ dimParam: 'batch' }, ...sizes.map((dimValue) => ({ dimValue }))] },
        },
      },
    });
    const model = MODEL_PROTO.fromObject({
      irVersion: 8,
      producerName: 'eyrie-bench',
      opsetImport: [{ version: 17 }],
      graph: {
        name,
        node: this.node,
        initializer: this.initializer,
        input: [value('input', [3, SIDE, SIDE])],
        output: [value('logits', [CLASSES])],
      },
    });
    return MODEL_PROTO.encode(model).finish();
  }
}

function int(name, i) {
  return { name, type: ATTRIBUTE_TYPE.int, i };
}

function ints(name, values) {
  return { name, type: ATTRIBUTE_TYPE.ints, ints: values };
}
