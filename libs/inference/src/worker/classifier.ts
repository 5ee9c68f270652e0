import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Device, LoadFault } from '../messages';
import type { ModelSpec } from '../model-spec';
import { float16ToNumbers } from './image/float16';
import { softmax } from './scores';

// Where the engine has Float16Array (Node 24), onnxruntime-common 1.30 makes float16 tensors of it, but the native part
// cannot read that type and finds them empty. Without it, both take the bits as Uint16Array.
Reflect.deleteProperty(globalThis, 'Float16Array');

/** Input data of a batch: float16 travels as its bits. */
export type InputArray = Float32Array | Uint16Array | Uint8Array;

/** What is wrong with a model, in words for the person who has to mend it. */
export class ModelLoadError extends Error {
  constructor(
    message: string,
    readonly fault: LoadFault = { kind: 'unfit' },
  ) {
    super(message);
  }
}

const CUDA_HINT =
  '; MODEL_DEVICE is cuda, which needs an NVIDIA GPU and the CUDA libraries: set it to cpu where they are missing';

/**
 * One ONNX Runtime session and what is known of its graph. `run` is synchronous underneath: nothing else happens in
 * this process meanwhile, save on libuv's threads.
 */
export class Classifier {
  private constructor(
    private readonly session: InferenceSession,
    private readonly spec: ModelSpec,
    /** The graph's batch dimension, where it is fixed. */
    readonly fixedBatch: number | null,
  ) {}

  /** @throws ModelLoadError when the file is no ONNX model, or not the one that the manifest describes. */
  static async load(spec: ModelSpec, threads: number, device: Device): Promise<Classifier> {
    let session: InferenceSession;
    try {
      session = await InferenceSession.create(spec.modelPath, {
        executionProviders: [device],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        // A thread that spins while it waits for work burns the CPU of the other versions.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      });
    } catch (error) {
      const hint = device === 'cuda' ? CUDA_HINT : '';
      throw new ModelLoadError(`ONNX Runtime cannot load ${spec.modelPath}: ${oneLine(error)}${hint}`);
    }
    try {
      return new Classifier(session, spec, checkGraph(session, spec));
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /** Elements of one image's input. */
  get imageSize(): number {
    return 3 * this.spec.input.width * this.spec.input.height;
  }

  /** Room for the input of `count` images, zeroed. A fixed batch dimension is rounded up to. */
  allocate(count: number): InputArray {
    const batch = this.fixedBatch === null ? count : Math.ceil(count / this.fixedBatch) * this.fixedBatch;
    const size = batch * this.imageSize;
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
    const { input: spec, output } = this.spec;
    const dims = spec.layout === 'NCHW' ? [batch, 3, spec.height, spec.width] : [batch, spec.height, spec.width, 3];
    const results = await this.session.run({ [spec.name]: new Tensor(spec.dtype, input as never, dims) }, [
      output.name,
    ]);
    const result = results[output.name]!;
    const values = toNumbers(result);
    const classes = values.length / batch;
    result.dispose();
    if (classes !== this.spec.labels.length) {
      throw new ModelLoadError(
        `output "${output.name}" has ${classes} values per image but labels.txt has ${this.spec.labels.length} lines`,
        { kind: 'other-classes', classes },
      );
    }
    return Array.from({ length: batch }, (_, i) => {
      const row = values.subarray(i * classes, (i + 1) * classes);
      return output.activation === 'softmax' ? softmax(row) : row.slice();
    });
  }
}

/** Holds the manifest against the graph; gives the graph's batch dimension if it is fixed. */
function checkGraph(session: InferenceSession, { input, output }: ModelSpec): number | null {
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
  return isFree(batch) ? null : (batch as number);
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

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
}
