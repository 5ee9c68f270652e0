import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { EyrieError } from '#core';
import {
  type LoadContext,
  type LoadedRunner,
  ModelLoadError,
  type PreparedBatch,
  type RunProgress,
  type RunResult,
  type WorkerItem,
  type WorkerTask,
} from '#inference/worker';
import { float16ToNumbers } from '../../float16';
import type { ClassifierSpec, SentClasses } from '../spec';
import { decodeImage } from './image/decode';
import { preprocess } from './image/preprocess';
import { firstNotFinite, softmax, topK } from './scores';

/** Input data of a batch: float16 travels as its bits. */
export type InputArray = Float32Array | Uint16Array | Uint8Array;

export const imageClassificationWorker: WorkerTask = {
  load: (session, context) => new Classifier(session, context),
};

/** A network that gives a score to each class of an image. */
export class Classifier implements LoadedRunner {
  readonly fixedBatch: number | null;
  private readonly spec: ClassifierSpec;

  /** @throws ModelLoadError when the graph is not the one that the manifest describes */
  constructor(
    private readonly session: InferenceSession,
    private readonly context: LoadContext,
  ) {
    this.spec = context.spec as ClassifierSpec;
    this.fixedBatch = checkGraph(session, this.spec);
  }

  /** Elements of one image's input. */
  get imageSize(): number {
    return 3 * this.spec.input.width * this.spec.input.height;
  }

  async warmUp(): Promise<void> {
    for (const count of new Set([1, Math.min(this.context.maxBatch, 4)])) await this.run(this.allocate(count), count);
  }

  prepare(items: readonly WorkerItem[]): PreparedBatch {
    return new ImageBatch(this, this.spec, this.context.maxPixels, items);
  }

  /** Elements of the input of `count` images. A fixed batch dimension is rounded up to. */
  inputSize(count: number): number {
    const batch = this.fixedBatch === null ? count : Math.ceil(count / this.fixedBatch) * this.fixedBatch;
    return batch * this.imageSize;
  }

  /** Room for the input of `count` images, zeroed. */
  allocate(count: number): InputArray {
    const size = this.inputSize(count);
    switch (this.spec.input.dtype) {
      case 'float32':
        return new Float32Array(size);
      case 'float16':
        return new Uint16Array(size);
      case 'uint8':
        return new Uint8Array(size);
    }
  }

  /** Class scores of `count` images, each as the manifest's activation gives them. `input` comes from `allocate`. */
  async run(input: InputArray, count: number): Promise<ArrayLike<number>[]> {
    const scores: ArrayLike<number>[] = [];
    const step = this.fixedBatch ?? count;
    for (let done = 0; done < count; done += step) {
      const part = input.subarray(done * this.imageSize, (done + step) * this.imageSize);
      const rows = await this.runOnce(part, step);
      scores.push(...rows.slice(0, count - done));
    }
    return scores;
  }

  private async runOnce(input: InputArray, batch: number): Promise<ArrayLike<number>[]> {
    const { input: spec, output, labels } = this.spec;
    const dims = spec.layout === 'NCHW' ? [batch, 3, spec.height, spec.width] : [batch, spec.height, spec.width, 3];
    const results = await this.session.run({ [spec.name]: new Tensor(spec.dtype, input as never, dims) }, [
      output.name,
    ]);
    const result = results[output.name]!;
    const values = toNumbers(result);
    const classes = values.length / batch;
    result.dispose();
    if (classes !== labels.length) {
      throw new ModelLoadError(
        `output "${output.name}" has ${classes} values per image but labels.txt has ${labels.length} lines`,
        { kind: 'other-classes', classes },
      );
    }
    return Array.from({ length: batch }, (_, i) => {
      const row = values.subarray(i * classes, (i + 1) * classes);
      return output.activation === 'softmax' ? softmax(row) : row.slice();
    });
  }
}

/** Images that share a run. Each is decoded into its place in the input; those that could not be leave no gap. */
class ImageBatch implements PreparedBatch {
  private readonly input: InputArray;

  constructor(
    private readonly classifier: Classifier,
    private readonly spec: ClassifierSpec,
    private readonly maxPixels: number,
    private readonly items: readonly WorkerItem[],
  ) {
    this.input = classifier.allocate(items.length);
  }

  async prepare(item: number): Promise<void> {
    const [image] = this.items[item]!.payload;
    if (!image) throw new EyrieError('INTERNAL', 'a worker was sent no image');
    try {
      const pixels = await decodeImage(image, { maxPixels: this.maxPixels }, this.spec.input);
      preprocess(pixels, this.spec.input, this.input, item * this.classifier.imageSize);
    } catch (error) {
      if (error instanceof EyrieError) throw error;
      throw new EyrieError('INVALID_IMAGE', `the image cannot be decoded: ${String(error)}`);
    }
  }

  async run(items: readonly number[], { onRan }: RunProgress): Promise<RunResult[]> {
    const input = items.length === this.items.length ? this.input : this.inputOf(items);
    const scores = await this.classifier.run(input, items.length);
    onRan();
    return items.map((item, row) => this.result(scores[row]!, (this.items[item]!.params as { topK: number }).topK));
  }

  /** A copy: the places of the others may still be written to. */
  private inputOf(items: readonly number[]): InputArray {
    const { imageSize } = this.classifier;
    const input = this.classifier.allocate(items.length);
    items.forEach((from, to) =>
      input.set(this.input.subarray(from * imageSize, (from + 1) * imageSize), to * imageSize),
    );
    return input;
  }

  private result(scores: ArrayLike<number>, k: number): RunResult {
    const bad = firstNotFinite(scores);
    if (bad === undefined) return { output: topK(scores, k) satisfies SentClasses };
    const { labels, output } = this.spec;
    const after = output.activation === 'softmax' ? ' after softmax' : '';
    const detail = `the model gave ${scores[bad]} for class ${bad} ("${labels[bad]}")${after}, which is no score`;
    return { code: 'WORKER_FAILED', detail };
  }
}

/** Holds the manifest against the graph; gives the graph's batch dimension if it is fixed. */
function checkGraph(session: InferenceSession, { input, output }: ClassifierSpec): number | null {
  const found = session.inputMetadata.find(({ name }) => name === input.name);
  if (!found?.isTensor) {
    throw new ModelLoadError(`the graph has no input "${input.name}"; it has ${session.inputNames.join(', ')}`);
  }
  if (!session.outputNames.includes(output.name)) {
    throw new ModelLoadError(`the graph has no output "${output.name}"; it has ${session.outputNames.join(', ')}`);
  }
  if (found.type !== input.dtype) {
    throw new ModelLoadError(`input "${input.name}" is ${found.type} in the graph but ${input.dtype} in the manifest`);
  }
  const want = input.layout === 'NCHW' ? [3, input.height, input.width] : [input.height, input.width, 3];
  const shape = found.shape;
  const fits = shape.length === 4 && want.every((size, i) => isFree(shape[i + 1]) || shape[i + 1] === size);
  if (!fits) {
    throw new ModelLoadError(
      `input "${input.name}" is [${shape.join(', ')}] in the graph but [batch, ${want.join(', ')}] in the manifest`,
    );
  }
  const batch = shape[0];
  return typeof batch === 'number' && batch > 0 ? batch : null;
}

function isFree(dimension: number | string | undefined): boolean {
  return typeof dimension !== 'number' || dimension <= 0;
}

function toNumbers(tensor: Tensor): Float32Array {
  if (tensor.type === 'float32') return tensor.data as Float32Array;
  if (tensor.type === 'float16') {
    const { buffer, byteOffset, length } = tensor.data as Uint16Array;
    return float16ToNumbers(new Uint16Array(buffer, byteOffset, length));
  }
  if (tensor.type === 'float64') return Float32Array.from(tensor.data as Float64Array);
  throw new ModelLoadError(`the output is ${tensor.type}; float32, float64 or float16 scores are expected`);
}
