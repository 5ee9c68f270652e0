import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { EyrieError } from '#core';
import {
  type LoadedRunner,
  ModelLoadError,
  runtimeError,
  type PreparedBatch,
  type RunProgress,
  type RunResult,
  type WarmUp,
  type WorkerItem,
  type WorkerTask,
} from '#inference/worker';
import { DATA_TYPES, dataTypeOf } from '../data-type';
import { bytesOf, readStrings, type TensorValue, writeStrings } from '../tensor-json';
import type { TensorParams } from '../tensor-model';

export const tensorWorker: WorkerTask = {
  load(session) {
    const { inputMetadata, outputMetadata } = session;
    const odd = inputMetadata.find((input) => !input.isTensor || !dataTypeOf(input.type));
    if (odd) throw new ModelLoadError(`input "${odd.name}" is of a type that cannot be sent`);
    const usable = outputMetadata.some((output) => output.isTensor && dataTypeOf(output.type));
    if (!usable) throw new ModelLoadError('none of the graph’s outputs is a tensor of a type that can be sent');
    return new TensorRunner(session);
  },
};

/**
 * Requests are run one by one: nothing says along which dimension they could be put together. Whoever has many rows sends them
 * in one tensor.
 */
class TensorRunner implements LoadedRunner {
  readonly fixedBatch = 1;

  constructor(private readonly session: InferenceSession) {}

  /** What would be a fair input nobody knows. */
  warmUp(): Promise<WarmUp> {
    return Promise.resolve({});
  }

  prepare(items: readonly WorkerItem[]): PreparedBatch {
    const feeds: Record<string, Tensor>[] = [];
    return {
      prepare: (item) => {
        feeds[item] = feedsOf(items[item]!);
        return Promise.resolve();
      },
      run: async (ready, { onRan }: RunProgress) => {
        const results: RunResult[] = [];
        for (const item of ready) results.push(await this.runOne(feeds[item]!, items[item]!.params as TensorParams));
        onRan();
        return results;
      },
    };
  }

  private async runOne(feeds: Record<string, Tensor>, { outputs }: TensorParams): Promise<RunResult> {
    try {
      const results = await this.session.run(feeds, outputs);
      const output = outputs.map((name) => valueOf(name, results[name]!));
      return { output, bytes: bytesOf(output) };
    } catch (error) {
      const code = String(error);
      const detail = runtimeError(error);
      // What the graph does not take is told apart from what fails inside of it (onnxruntime's StatusCode).
      if (code.includes('INVALID_ARGUMENT') || /invalid dimensions for input/i.test(code)) {
        return { code: 'INVALID_REQUEST', detail: `the model does not take these inputs: ${detail}` };
      }
      return { code: 'WORKER_FAILED', detail: `the model failed: ${detail}` };
    }
  }
}

function feedsOf({ params, payload }: WorkerItem): Record<string, Tensor> {
  const { tensors } = params as TensorParams;
  return Object.fromEntries<Tensor>(
    tensors.map(({ name, datatype, shape }, i): [string, Tensor] => {
      const data = payload[i];
      if (!data) throw new EyrieError('INTERNAL', `a worker was sent no data for "${name}"`);
      if (datatype === 'BYTES') return [name, new Tensor('string', readStrings(data), shape)];
      const type = DATA_TYPES[datatype].onnx as 'float32';
      return [name, new Tensor(type, elementsOf(type, data) as Float32Array, shape)];
    }),
  );
}

const ARRAYS = {
  bool: Uint8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  // As its bits.
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** Not copied where the bytes lie on a boundary of elements. All machines that ONNX Runtime runs on are little endian. */
function elementsOf(type: keyof typeof ARRAYS, data: Uint8Array): ArrayBufferView {
  const array = ARRAYS[type];
  const { buffer, byteOffset, byteLength } = data.byteOffset % array.BYTES_PER_ELEMENT === 0 ? data : data.slice();
  return new array(buffer as ArrayBuffer, byteOffset, byteLength / array.BYTES_PER_ELEMENT);
}

function valueOf(name: string, tensor: Tensor): TensorValue {
  const datatype = dataTypeOf(tensor.type);
  if (!datatype) throw new Error(`output "${name}" is ${tensor.type}, which cannot be sent`);
  const shape = [...tensor.dims];
  if (datatype === 'BYTES') return { name, datatype, shape, data: writeStrings(tensor.data as string[]) };
  const { buffer, byteOffset, byteLength } = tensor.data as Float32Array;
  return { name, datatype, shape, data: new Uint8Array(buffer, byteOffset, byteLength) };
}
