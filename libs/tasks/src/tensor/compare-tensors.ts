import type { Comparison } from '#core';
import type { JsonElement } from './data-type';
import { elementsInBlocks } from './elements';
import type { TensorValue } from './tensor-json';

/** What ONNX's own tests take for the same (onnx/backend/test/runner: rtol 1e-3, atol 1e-7). */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

/** Whether two versions gave the same numbers, and where they are furthest apart. */
export async function compareTensors(
  tensors: readonly TensorValue[],
  others: readonly TensorValue[],
): Promise<Comparison> {
  for (const [i, tensor] of tensors.entries()) {
    const other = others[i];
    if (other?.name !== tensor.name || String(other.shape) !== String(tensor.shape)) {
      const said = { output: tensor.name, shape: tensor.shape };
      return { agreed: false, said: [said, { output: other?.name ?? null, shape: other?.shape ?? null }] };
    }
    const worst = await furthest(tensor, other);
    if (!worst) continue;
    const [value, otherValue] = worst.values;
    const said = { output: tensor.name, element: worst.element };
    return {
      agreed: false,
      said: [
        { ...said, value },
        { ...said, value: otherValue },
      ],
    };
  }
  return { agreed: true, said: [{}, {}] };
}

interface Furthest {
  /** Its place, counted row by row. */
  element: number;
  values: [JsonElement, JsonElement];
  excess: number;
}

/** The largest difference that is more than rounding; undefined where there is none. */
async function furthest(tensor: TensorValue, other: TensorValue): Promise<Furthest | undefined> {
  let worst: Furthest | undefined;
  const ours = new Elements(tensor);
  const theirs = new Elements(other);
  let element = 0;
  // Blocks of texts end where their bytes do, so those of two tensors differ.
  while ((await ours.more()) && (await theirs.more())) {
    while (ours.hasNext && theirs.hasNext) {
      const values: [JsonElement, JsonElement] = [ours.next(), theirs.next()];
      const excess = excessOf(...values);
      if (excess > (worst?.excess ?? 0)) worst = { element, values, excess };
      element++;
    }
  }
  return worst;
}

/** By how much two elements differ that do not agree; 0 where they do. */
function excessOf(value: JsonElement, other: JsonElement): number {
  if (value === other) return 0;
  if (typeof value !== 'number' || typeof other !== 'number') return Infinity;
  const difference = Math.abs(value - other);
  return difference <= ABSOLUTE + RELATIVE * Math.abs(value) ? 0 : difference;
}

class Elements {
  private readonly blocks: AsyncGenerator<(JsonElement | bigint)[]>;
  private block: readonly (JsonElement | bigint)[] = [];
  private at = 0;

  constructor(tensor: TensorValue) {
    this.blocks = elementsInBlocks(tensor);
  }

  get hasNext(): boolean {
    return this.at < this.block.length;
  }

  next(): JsonElement {
    return this.block[this.at++] as JsonElement;
  }

  /** @returns whether there is another one */
  async more(): Promise<boolean> {
    if (this.hasNext) return true;
    const next = await this.blocks.next();
    if (next.done) return false;
    this.block = next.value;
    this.at = 0;
    return true;
  }
}
