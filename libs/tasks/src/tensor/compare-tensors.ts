import type { Comparison } from '#core';
import type { JsonElement } from './data-type';
import { toJson, type TensorValue } from './tensor-json';

/** What ONNX's own tests take for the same (onnx/backend/test/runner: rtol 1e-3, atol 1e-7). */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

/** Whether two versions gave the same numbers, and where they are furthest apart. */
export function compareTensors(tensors: readonly TensorValue[], others: readonly TensorValue[]): Comparison {
  for (const [i, tensor] of tensors.entries()) {
    const other = others[i];
    if (other?.name !== tensor.name || String(other.shape) !== String(tensor.shape)) {
      const said = { output: tensor.name, shape: tensor.shape };
      return { agreed: false, said: [said, { output: other?.name ?? null, shape: other?.shape ?? null }] };
    }
    const [values, otherValues] = [toJson(tensor).data, toJson(other).data];
    const at = furthest(values, otherValues);
    if (at === undefined) continue;
    const said = (value: JsonElement | undefined) => ({ output: tensor.name, element: at, value });
    return { agreed: false, said: [said(values[at]), said(otherValues[at])] };
  }
  return { agreed: true, said: [{}, {}] };
}

/** The place of the largest difference that is more than rounding; undefined where there is none. */
function furthest(values: readonly JsonElement[], others: readonly JsonElement[]): number | undefined {
  let worst: number | undefined;
  let most = 0;
  values.forEach((value, i) => {
    const other = others[i]!;
    if (value === other) return;
    const difference = Math.abs(Number(value) - Number(other));
    const isNumber = typeof value === 'number' && typeof other === 'number';
    if (isNumber && difference <= ABSOLUTE + RELATIVE * Math.abs(value)) return;
    const excess = isNumber ? difference : Infinity;
    if (excess > most) [worst, most] = [i, excess];
  });
  return worst;
}
