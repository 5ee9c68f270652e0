import type { StringSink } from './tokenizer';

/**
 * Takes one value of a JSON body. A schema is made of these: of what there is no method for, the value is none, and the first
 * byte of it is refused.
 */
export interface ValueTaker {
  /** Names the value in messages: `items[3].url`; empty for the body as a whole. */
  readonly field: string;
  /** What the value must be, as the message goes on: `must be a string`. */
  readonly wants: string;
  object?(): ObjectTaker;
  array?(): ArrayTaker;
  string?(): StringSink;
  number?(value: number): void;
  /** A whole number that a double need not hold; without this, `number` gets the nearest one that it does. */
  integer?(value: bigint): void;
  literal?(value: boolean | null): void;
  /**
   * Is told what is wrong with the value, or inside it, and that ends it: what is left of it is passed over. Without this, it
   * ends the reading of the body.
   */
  failed?(error: unknown): void;
}

export interface ObjectTaker {
  /** @throws EyrieError for a field that is not known */
  member(name: string): ValueTaker;
  end?(): void;
}

export interface ArrayTaker {
  /** @throws EyrieError for an item too many */
  item(): ValueTaker;
  end?(): void;
}
