import type { InferenceSession } from 'onnxruntime-node';
import { ModelLoadError } from '#inference/worker';
import { CHANNELS, type ClassifierSpec } from '../spec';

/**
 * Holds the manifest against the graph.
 * @returns the graph's batch dimension if it is fixed
 * @throws ModelLoadError naming what differs
 */
export function checkGraph(session: InferenceSession, { input, output }: ClassifierSpec): number | null {
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
  const channels = CHANNELS[input.channels];
  const want = input.layout === 'NCHW' ? [channels, input.height, input.width] : [input.height, input.width, channels];
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
