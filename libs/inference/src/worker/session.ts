import { InferenceSession } from 'onnxruntime-node';
import type { GraphInfo, TensorInfo } from '#core';
import type { LoadMessage } from '../messages';
import { readModel } from './model-bytes';
import { ModelLoadError } from './model-load-error';
import { runtimeError } from './runtime-error';

// Where the engine has Float16Array (Node 24), onnxruntime-common 1.30 makes float16 tensors of it, but the native part
// cannot read that type and finds them empty. Without it, both take the bits as Uint16Array.
Reflect.deleteProperty(globalThis, 'Float16Array');

const CUDA_HINT =
  '; MODEL_DEVICE is cuda, which needs an NVIDIA GPU and the CUDA libraries: set it to cpu where they are missing';

export type ModelToOpen = Pick<LoadMessage, 'modelPath' | 'sha256' | 'threads' | 'device'>;

/**
 * `run` of what this gives is synchronous underneath: nothing else happens in this process meanwhile, save on libuv's threads.
 * @param onReading is told before the file is read, now and then while it is, and when it has been
 * @throws ModelLoadError when the file is not the one that is meant, or no ONNX model that can be run here
 */
export async function openSession(
  model: ModelToOpen,
  onReading: (isDone: boolean) => void = () => undefined,
): Promise<InferenceSession> {
  const { modelPath, sha256, threads, device } = model;
  onReading(false);
  const file = await readModel(modelPath, sha256, () => onReading(false));
  onReading(true);
  try {
    return await InferenceSession.create(file.bytes, {
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
    throw new ModelLoadError(`ONNX Runtime cannot load the model: ${runtimeError(error)}${hint}`);
  } finally {
    file.free();
  }
}

export function graphOf(session: InferenceSession): GraphInfo {
  return { inputs: session.inputMetadata.map(tensorInfo), outputs: session.outputMetadata.map(tensorInfo) };
}

function tensorInfo(value: InferenceSession.ValueMetadata): TensorInfo {
  if (!value.isTensor) return { name: value.name, type: null, shape: [] };
  return { name: value.name, type: value.type, shape: [...value.shape] };
}
