import type { InferenceInput } from '#core';
import { writeStrings } from '../tensor/tensor-json';
import type { Element } from './column';
import type { ElementType, Port } from './ports';

const FIRST_ROWS = 16;

/** Elements as they cross to a worker; ONNX Runtime's bool is a byte. */
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const;

type Elements = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;

/** Rows as the inputs of a graph take them: each input's columns beside each other, row by row. */
export class Table {
  rows = 0;
  private readonly blocks: Block[];
  /** Of a feature: its input's block, and its place among the columns of that. */
  private readonly places: readonly { block: Block; column: number }[];

  /** @param expected how many rows there will be, if that is known */
  constructor(ports: readonly Port[], expected = FIRST_ROWS) {
    this.blocks = ports.map(({ type, width }) =>
      type === 'string' ? new Texts(width) : new Numbers(type, width, expected),
    );
    const places: { block: Block; column: number }[] = [];
    ports.forEach(({ features }, i) =>
      features.forEach((feature, column) => (places[feature] = { block: this.blocks[i]!, column })),
    );
    this.places = places;
  }

  /** Begins the next row. What is set before `keep` is given up if that is not called. */
  begin(): void {
    for (const block of this.blocks) block.reserve(this.rows);
  }

  set(feature: number, element: Element): void {
    const { block, column } = this.places[feature]!;
    block.set(this.rows, column, element);
  }

  keep(): void {
    this.rows++;
  }

  input(params: object): InferenceInput {
    const payload = this.blocks.map((block) => block.bytes(this.rows));
    return { params: { ...params, rows: this.rows }, payload, cost: this.rows, questions: this.rows };
  }
}

interface Block {
  reserve(row: number): void;
  set(row: number, column: number, element: Element): void;
  /** Of so many rows. */
  bytes(rows: number): Uint8Array;
}

class Numbers implements Block {
  private elements: Elements;
  private readonly isLong: boolean;

  constructor(
    private readonly type: Exclude<ElementType, 'string'>,
    private readonly width: number,
    expected: number,
  ) {
    this.elements = new ARRAYS[type](Math.max(1, expected) * width);
    this.isLong = type === 'int64';
  }

  reserve(row: number): void {
    if ((row + 1) * this.width <= this.elements.length) return;
    const larger = new ARRAYS[this.type](2 * this.elements.length);
    larger.set(this.elements as never);
    this.elements = larger;
  }

  set(row: number, column: number, element: Element): void {
    const at = row * this.width + column;
    if (this.isLong) (this.elements as BigInt64Array)[at] = BigInt(element);
    else (this.elements as Float64Array)[at] = element as number;
  }

  bytes(rows: number): Uint8Array {
    const { buffer, BYTES_PER_ELEMENT } = this.elements;
    return new Uint8Array(buffer as ArrayBuffer, 0, rows * this.width * BYTES_PER_ELEMENT);
  }
}

class Texts implements Block {
  private readonly texts: string[] = [];

  constructor(private readonly width: number) {}

  reserve(): void {
    // A list grows by itself.
  }

  set(row: number, column: number, element: Element): void {
    this.texts[row * this.width + column] = element as string;
  }

  bytes(rows: number): Uint8Array {
    return writeStrings(this.texts.slice(0, rows * this.width));
  }
}

/** Elements of an input as a worker gets them; not copied where the bytes lie on a boundary of elements. */
export function elementsOf(type: Exclude<ElementType, 'string'>, bytes: Uint8Array): Elements {
  const array = ARRAYS[type];
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new array(buffer as ArrayBuffer, byteOffset, byteLength / array.BYTES_PER_ELEMENT);
}
