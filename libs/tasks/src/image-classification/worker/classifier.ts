import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { EyrieError } from '#core';
import {
  type LoadContext,
  type LoadedRunner,
  ModelLoadError,
  type PreparedBatch,
  type RunProgress,
  type RunResult,
  runtimeError,
  type WarmUp,
  type WorkerItem,
  type WorkerTask,
} from '#inference/worker';
import { scoreKind } from '../score-kind';
import { pixelsOf } from '../pixels';
import { CHANNELS, type ClassifierParams, DEFAULT_THRESHOLD, type ClassifierSpec, type SentClasses } from '../spec';
import { checkGraph } from './check-graph';
import { decodeImage } from './image/decode';
import { preprocess } from './image/preprocess';
import { allocateTensor, fillTensor, type TensorData } from './image/tensor';
import { outputNumbers } from './output-numbers';
import { countAtLeast, firstNotFinite, sigmoid, softmax, topK } from '../../worker/scores';
import { runEachShape, runNoise, type WarmUpScores } from './warm-up';

export const imageClassificationWorker: WorkerTask = {
  load: (session, context) => new Classifier(session, context),
};

/** Batches of the warm-up are no larger than this. */
const WARM_UP_BATCH = 4;

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
    const { channels, width, height } = this.spec.input;
    return CHANNELS[channels] * width * height;
  }

  async warmUp(): Promise<WarmUp> {
    const { maxBatch, isProven } = this.context;
    // What may run one by one alone needs no look at how a batch does.
    const batch = maxBatch === 1 ? 1 : (this.fixedBatch ?? Math.min(maxBatch, WARM_UP_BATCH));
    const run = (images: readonly Uint8Array[]) => this.runPixels(images);
    if (isProven) {
      await runEachShape(run, this.spec.input, batch);
      return {};
    }
    const found = await runNoise(run, (row) => this.activated(row), this.spec.input, batch);
    return { oneByOne: whyOneByOne(found), doubts: this.doubtsAbout(found.rows) };
  }

  prepare(items: readonly WorkerItem[]): PreparedBatch {
    return new ImageBatch(this, this.spec, this.context.maxPixels, items);
  }

  /** Room for the input of `count` images, zeroed. A fixed batch dimension is rounded up to. */
  allocate(count: number): TensorData {
    const batch = this.fixedBatch === null ? count : Math.ceil(count / this.fixedBatch) * this.fixedBatch;
    return allocateTensor(this.spec.input, batch * this.imageSize);
  }

  /** Class scores of `count` images, each as the manifest's activation gives them. `input` comes from `allocate`. */
  async run(input: TensorData, count: number): Promise<ArrayLike<number>[]> {
    return (await this.runGraph(input, count)).map((row) => this.activated(row));
  }

  /** @returns a row of values for each image, as the graph gives them */
  private async runGraph(input: TensorData, count: number): Promise<ArrayLike<number>[]> {
    const rows: ArrayLike<number>[] = [];
    const step = this.fixedBatch ?? count;
    for (let done = 0; done < count; done += step) {
      const part = input.subarray(done * this.imageSize, (done + step) * this.imageSize);
      const left = Math.min(step, count - done);
      // A fixed batch is filled up with the last image: its scores are then what they would be among nothing but itself.
      for (let row = left; row < step; row++) {
        part.copyWithin(row * this.imageSize, (left - 1) * this.imageSize, left * this.imageSize);
      }
      rows.push(...(await this.runOnce(part, step)).slice(0, left));
    }
    return rows;
  }

  private async runOnce(input: TensorData, batch: number): Promise<ArrayLike<number>[]> {
    const { input: spec, output } = this.spec;
    const channels = CHANNELS[spec.channels];
    const dims =
      spec.layout === 'NCHW' ? [batch, channels, spec.height, spec.width] : [batch, spec.height, spec.width, channels];
    const results = await this.session.run({ [spec.name]: new Tensor(spec.dtype, input as never, dims) }, [
      output.name,
    ]);
    const result = results[output.name]!;
    const values = outputNumbers(result, output);
    const classes = values.length / batch;
    const [rows] = result.dims;
    result.dispose();
    this.checkRows(values.length, rows, batch);
    this.checkClasses(classes);
    return Array.from({ length: batch }, (_, i) => values.slice(i * classes, (i + 1) * classes));
  }

  /** @throws ModelLoadError when a graph whose batch dimension looks free gives as many rows as it likes */
  private checkRows(values: number, rows: number | undefined, batch: number): void {
    const { output, labels } = this.spec;
    if (values % batch === 0 && (values / batch === labels.length || rows === undefined || rows % batch === 0)) return;
    throw new ModelLoadError(
      `output "${output.name}" has ${rows} rows for ${batch} images: the graph does not keep the images of a batch apart`,
      { kind: 'does-not-run' },
    );
  }

  /** @throws ModelLoadError when the graph has another number of scores than there are labels */
  private checkClasses(classes: number): void {
    const { output, labels } = this.spec;
    if (classes === labels.length || (this.isYesOrNo && classes === 1)) return;
    const hint =
      classes === 1 && labels.length === 2
        ? ': one value for two classes needs activation "sigmoid", or "none" where it is a probability already'
        : '';
    throw new ModelLoadError(
      `output "${output.name}" has ${classes} values per image but labels.txt has ${labels.length} lines${hint}`,
      { kind: 'other-classes', classes },
    );
  }

  /** One value stands for two classes: how likely the second one is. */
  private get isYesOrNo(): boolean {
    const { output, labels } = this.spec;
    return labels.length === 2 && output.activation !== 'softmax' && !output.multi_label;
  }

  private activated(row: ArrayLike<number>): ArrayLike<number> {
    const { activation } = this.spec.output;
    if (activation === 'softmax') return softmax(row);
    const scores = activation === 'sigmoid' ? Float64Array.from(row, sigmoid) : row;
    if (scores.length !== 1 || !this.isYesOrNo) return scores;
    return Float64Array.of(1 - scores[0]!, scores[0]!);
  }

  private runPixels(images: readonly Uint8Array[]): Promise<ArrayLike<number>[]> {
    const input = this.allocate(images.length);
    images.forEach((rgb, i) => fillTensor(rgb, this.spec.input, input, i * this.imageSize));
    return this.runGraph(input, images.length);
  }

  private doubtsAbout(rows: readonly ArrayLike<number>[]): string[] {
    const { activation } = this.spec.output;
    if (activation !== 'softmax' || scoreKind(rows) !== 'probabilities') return [];
    return [
      'the graph gives probabilities already, and softmax makes all of them alike: its activation should be "none"',
    ];
  }
}

function whyOneByOne({ change, failure }: WarmUpScores): string | undefined {
  if (failure !== undefined) return `the graph runs on one image, but fails on several (${runtimeError(failure)})`;
  if (change === 0) return undefined;
  const percent = (change * 100).toFixed(change < 0.01 ? 2 : 0);
  return `the scores of an image change with the others in its batch (by ${percent}% in a try)`;
}

/** Images that share a run. Each is decoded into its place in the input; those that could not be leave no gap. */
class ImageBatch implements PreparedBatch {
  private readonly input: TensorData;

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
    const { pixels: ready } = this.paramsOf(item);
    if (ready !== undefined) return this.take(image, ready, item);
    try {
      const pixels = await decodeImage(image, { maxPixels: this.maxPixels }, this.spec.input);
      preprocess(pixels, this.spec.input, this.input, item * this.classifier.imageSize);
    } catch (error) {
      if (error instanceof EyrieError) throw error;
      throw new EyrieError('INVALID_IMAGE', `the image cannot be decoded: ${String(error)}`);
    }
  }

  /** Pixels that need nothing done to them. @throws EyrieError INVALID_REQUEST where they are for another graph, such as that of a shadow */
  private take(picture: Uint8Array, ready: string, item: number): void {
    const { key } = pixelsOf(this.spec.input);
    const place = this.input.subarray(item * this.classifier.imageSize, (item + 1) * this.classifier.imageSize);
    if (ready !== key || picture.length !== place.byteLength) {
      throw new EyrieError('INVALID_REQUEST', `the pixels are ${ready}, but the model takes ${key}`);
    }
    // All machines that ONNX Runtime runs on are little endian.
    new Uint8Array(place.buffer, place.byteOffset, place.byteLength).set(picture);
  }

  private paramsOf(item: number): ClassifierParams {
    return this.items[item]!.params;
  }

  async run(items: readonly number[], { onRan }: RunProgress): Promise<RunResult[]> {
    const input = items.length === this.items.length ? this.input : this.inputOf(items);
    const scores = await this.classifier.run(input, items.length);
    onRan();
    return items.map((item, row) => this.result(scores[row]!, this.paramsOf(item)));
  }

  /** A copy: the places of the others may still be written to. */
  private inputOf(items: readonly number[]): TensorData {
    const { imageSize } = this.classifier;
    const input = this.classifier.allocate(items.length);
    items.forEach((from, to) =>
      input.set(this.input.subarray(from * imageSize, (from + 1) * imageSize), to * imageSize),
    );
    return input;
  }

  private result(scores: ArrayLike<number>, { topK: asked, anyScore, pixels }: ClassifierParams): RunResult {
    const { labels, output } = this.spec;
    const bad = firstNotFinite(scores);
    if (bad !== undefined) {
      const after = output.activation === 'none' ? '' : ` after ${output.activation}`;
      const detail = `the model gave ${scores[bad]} for class ${bad} ("${labels[bad]}")${after}, which is no score`;
      // No picture has such pixels as a client can make up.
      return { code: pixels === undefined ? 'WORKER_FAILED' : 'INVALID_REQUEST', detail };
    }
    const most = asked ?? scores.length;
    const { multi_label, threshold = DEFAULT_THRESHOLD } = output;
    const count = multi_label && !anyScore ? Math.min(most, countAtLeast(scores, threshold)) : most;
    return { output: topK(scores, count) satisfies SentClasses };
  }
}
