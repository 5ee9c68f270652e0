import type { Tensor } from 'onnxruntime-node';
import { ModelLoadError } from '#inference/worker';
import { float16ToNumbers } from '../../float16';
import type { OutputSpec } from '../spec';

/** What an output's elements stand for. @throws ModelLoadError for types that hold no scores */
export function outputNumbers(tensor: Tensor, { name, quantization }: OutputSpec): Float32Array {
  switch (tensor.type) {
    case 'float32':
      return tensor.data as Float32Array;
    case 'float64':
      return Float32Array.from(tensor.data as Float64Array);
    case 'float16': {
      const { buffer, byteOffset, length } = tensor.data as Uint16Array;
      return float16ToNumbers(new Uint16Array(buffer, byteOffset, length));
    }
    case 'uint8':
    case 'int8': {
      if (!quantization) {
        throw new ModelLoadError(
          `output "${name}" is ${tensor.type}: model.json must say what it stands for, ` +
            'as "quantization": { "scale": …, "zero_point": … }',
        );
      }
      const { scale, zero_point } = quantization;
      return Float32Array.from(tensor.data as Uint8Array, (q) => (q - zero_point) * scale);
    }
    default:
      throw new ModelLoadError(
        `output "${name}" is ${tensor.type}; scores are float32, float64, float16, or int8 and uint8 with a quantization`,
      );
  }
}
