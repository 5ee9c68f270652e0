import { type EyrieError, invalidField } from '#core';
import type { Allowance } from './allowance';
import type { ArrayTaker, ValueTaker } from './takers';
import { Text } from './text';
import type { StringSink } from './tokenizer';

/** What JSON can say of an element: a bigint where a double does not hold a whole number. */
export type JsonElement = number | bigint | string | boolean;

/** Elements in nested lists of the same lengths. */
export interface NestedElements {
  /** As the lists are nested; empty for a single element. */
  shape: readonly number[];
  /** How many elements there are. */
  length: number;
  /** The elements row by row, some at a time. */
  blocks: readonly ArrayLike<JsonElement>[];
}

/** More is a mistake, or meant to hurt. */
const MAX_DIMENSIONS = 16;
const FIRST_BLOCK = 64;
const BLOCK = 8192;

/** What is counted of the allowance for a number that FP32 holds, as it is kept then, and for a list. */
const NUMBER_BYTES = Float32Array.BYTES_PER_ELEMENT;
/** For an element among which some are no numbers: what a small string takes. */
const OTHER_BYTES = 32;

/** Reads nested lists of numbers, strings and booleans as they come: into blocks of numbers as long as there is nothing else. */
export class NestedList implements ValueTaker, ArrayTaker {
  private readonly blocks: ArrayLike<JsonElement>[] = [];
  /** The last one of them, which is not full, and how much is in it. */
  private numbers = new Float64Array(FIRST_BLOCK);
  private filled = 0;
  private others: JsonElement[] | undefined;
  private length = 0;

  /** How many lists are open. */
  private depth = 0;
  /** Of the lists so deep: how long the first one was, and what has come of the one that is open. */
  private readonly lengths: number[] = [];
  private readonly counts: number[] = [];
  /** How deep the elements are. */
  private leaves: number | undefined;
  private text: Text | undefined;

  constructor(
    readonly field: string,
    private readonly allowance: Allowance,
    readonly wants = 'must be a number, or nested lists of numbers, strings or booleans',
  ) {}

  get elements(): NestedElements {
    this.keepNumbers();
    const blocks = this.others ? [...this.blocks, this.others] : this.blocks;
    return { shape: this.lengths.slice(1), length: this.length, blocks };
  }

  array(): ArrayTaker {
    if (this.depth === MAX_DIMENSIONS) throw invalidField(this.field, `has more than ${MAX_DIMENSIONS} dimensions`);
    if (this.leaves === this.depth) throw this.ragged();
    this.allowance.spend(NUMBER_BYTES);
    this.counts[++this.depth] = 0;
    return this;
  }

  item(): ValueTaker {
    const count = ++this.counts[this.depth]!;
    if (count > (this.lengths[this.depth] ?? Infinity)) throw this.ragged();
    return this;
  }

  end(): void {
    const count = this.counts[this.depth]!;
    this.lengths[this.depth] ??= count;
    if (count !== this.lengths[this.depth]) throw this.ragged();
    this.depth--;
  }

  number(value: number): void {
    this.leaf();
    if (this.others) return this.other(value);
    this.allowance.spend(NUMBER_BYTES);
    this.numbers[this.filled++] = value;
    if (this.filled < this.numbers.length) return;
    this.keepNumbers();
    if (this.numbers.length < BLOCK) this.numbers = new Float64Array(Math.min(BLOCK, this.length));
  }

  literal(value: boolean | null): void {
    if (value === null) throw invalidField(this.field, this.wants);
    this.leaf();
    this.other(value);
  }

  string(): StringSink {
    this.leaf();
    this.text ??= new Text(
      (_, added) => this.allowance.spend(added),
      (text) => this.other(text),
    );
    return this.text;
  }

  protected leaf(): void {
    this.leaves ??= this.depth;
    if (this.leaves !== this.depth) throw this.ragged();
    this.length++;
  }

  protected other(element: JsonElement): void {
    this.allowance.spend(OTHER_BYTES);
    if (!this.others) {
      this.keepNumbers();
      this.others = [];
    }
    if (this.others.length === BLOCK) {
      this.blocks.push(this.others);
      this.others = [];
    }
    this.others.push(element);
  }

  /** Most numbers were FP32 before they were written as JSON, and are as exact in half the room. */
  private keepNumbers(): void {
    if (this.filled === 0) return;
    const numbers = this.numbers.subarray(0, this.filled);
    const isNarrow = numbers.every((value) => Math.fround(value) === value);
    if (!isNarrow) this.allowance.spend(numbers.byteLength - numbers.length * NUMBER_BYTES);
    this.blocks.push(isNarrow ? new Float32Array(numbers) : numbers.slice());
    this.filled = 0;
  }

  private ragged(): EyrieError {
    return invalidField(this.field, `is ragged: lists ${this.depth || 1} deep have different lengths`);
  }
}

/** Keeps whole numbers exactly that a double need not hold. Of others, who sends one is told to send it as a string. */
export class ExactNestedList extends NestedList {
  integer(value: bigint): void {
    this.leaf();
    this.other(value);
  }
}
