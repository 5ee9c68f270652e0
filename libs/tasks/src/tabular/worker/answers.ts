import type { Tensor } from 'onnxruntime-node';
import { ModelLoadError, type RunResult } from '#inference/worker';
import { float16ToNumbers } from '../../float16';
import type { RowFault, TableParams } from '../spec';

/** Makes answers of what a graph gives. */
export interface Answers {
  /** Numbers for each row. */
  readonly width: number;
  /** @param tensors of runs that follow each other; of the last one only some rows may be wanted @throws ModelLoadError */
  take(tensors: readonly Tensor[], rows: number): Float64Array;
  /**
   * The answer to the rows from `from` to `end` of those that were run.
   * @param faults of these rows, counted from the first of them @param hasMissing whether one of these rows leaves something out
   */
  of(
    found: Float64Array,
    from: number,
    end: number,
    faults: RowFault[],
    params: TableParams,
    hasMissing: (row: number) => boolean,
  ): RunResult;
}

/** So many numbers for each row. @throws ModelLoadError for another output than that */
export function numbersOf(
  name: string,
  tensors: readonly Tensor[],
  rows: number,
  width: number,
  what: string,
): Float64Array {
  const all = new Float64Array(rows * width);
  let at = 0;
  for (const tensor of tensors) {
    const numbers = floats(name, tensor);
    const given = tensor.dims[0] ?? 1;
    const perRow = numbers.length / given;
    if (perRow !== width)
      throw new ModelLoadError(`output "${name}" has ${perRow} values per row, but ${what}`, faultOf(perRow));
    all.set(at + numbers.length > all.length ? numbers.subarray(0, all.length - at) : numbers, at);
    at = Math.min(all.length, at + numbers.length);
    tensor.dispose();
  }
  if (at !== all.length) throw new ModelLoadError(`output "${name}" has fewer rows than were sent`);
  return all;
}

function faultOf(classes: number): { kind: 'other-classes'; classes: number } | undefined {
  return Number.isInteger(classes) ? { kind: 'other-classes', classes } : undefined;
}

function floats(name: string, tensor: Tensor): Float32Array | Float64Array {
  switch (tensor.type) {
    case 'float32':
      return tensor.data as Float32Array;
    case 'float64':
      return tensor.data as Float64Array;
    case 'float16': {
      const { buffer, byteOffset, length } = tensor.data as Uint16Array;
      return float16ToNumbers(new Uint16Array(buffer, byteOffset, length));
    }
    default:
      throw new ModelLoadError(`output "${name}" is ${tensor.type}; numbers are float32, float64 or float16`);
  }
}

/** What a row is told that the graph has no finite number for. */
export function notFinite(row: number, said: string, hasMissing: boolean): RowFault {
  if (!hasMissing) return { row, code: 'WORKER_FAILED', detail: said };
  return { row, code: 'INVALID_REQUEST', detail: `${said}: it does not do without what the row leaves out` };
}

/** One answer for all rows, or what is wrong where none has any. */
export function resultOf(output: object, faults: readonly RowFault[], rows: number): RunResult {
  const [first] = faults;
  return first && faults.length === rows ? { code: first.code, detail: first.detail } : { output };
}
