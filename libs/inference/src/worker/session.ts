import { InferenceSession } from 'onnxruntime-node';
import type { GraphInfo, TensorInfo } from '#core';
import type { Device, LoadFault } from '../messages';

// Where the engine has Float16Array (Node 24), onnxruntime-common 1.30 makes float16 tensors of it, but the native part
// cannot read that type and finds them empty. Without it, both take the bits as Uint16Array.
Reflect.deleteProperty(globalThis, 'Float16Array');

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
 * `run` of what this gives is synchronous underneath: nothing else happens in this process meanwhile, save on libuv's threads.
 * @throws ModelLoadError when the file is no ONNX model that can be run here
 */
export async function openSession(modelPath: string, threads: number, device: Device): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(modelPath, {
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
    throw new ModelLoadError(`ONNX Runtime cannot load ${modelPath}: ${oneLine(error)}${hint}`);
  }
}

export function graphOf(session: InferenceSession): GraphInfo {
  return { inputs: session.inputMetadata.map(tensorInfo), outputs: session.outputMetadata.map(tensorInfo) };
}

function tensorInfo(value: InferenceSession.ValueMetadata): TensorInfo {
  if (!value.isTensor) return { name: value.name, type: null, shape: [] };
  return { name: value.name, type: value.type, shape: [...value.shape] };
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
}
