import { EyrieError, invalidField } from '#core';
import type { ArrayTaker, ObjectTaker, ValueTaker } from './takers';
import { NOWHERE, textOf } from './text';
import { JsonTokenizer, type JsonEvents, type StringSink } from './tokenizer';

/** Longer than any name that ONNX tools give to an input. */
const MAX_NAME_BYTES = 1024;
/** Of a value that is wrong, so many tokens are passed over in the hope that the rest of the body is right. */
const MAX_TOKENS_PASSED_OVER = 10_000;

/** An object or array whose end has not come. */
type Open = OpenObject | { array: ArrayTaker };
interface OpenObject {
  object: ObjectTaker;
  field: string;
  names: Set<string>;
}

/** A value whose faults are its own, and how many objects and arrays are open around it. */
interface Container {
  taker: ValueTaker;
  depth: number;
}

/** Holds a JSON body, as it comes, against its schema: what does not fit is refused at its first byte. */
export class JsonReader implements JsonEvents {
  private readonly tokenizer = new JsonTokenizer(this);
  private readonly open: Open[] = [];
  private readonly key = textOf(MAX_NAME_BYTES, nameTooLong, (name) => this.named(name));
  /** Who takes the value of the member whose name has come. */
  private member: ValueTaker | undefined;
  private container: Container | undefined;
  /** Of what is passed over: objects and arrays that are open, and its tokens so far. */
  private passing: { depth: number; tokens: number; why: unknown } | undefined;

  /** Who takes the string that is open, where its faults are those of a container. */
  private sink: StringSink = NOWHERE;
  private isValue = false;

  constructor(private readonly body: ValueTaker) {}

  /** @throws EyrieError INVALID_REQUEST, and what the schema throws */
  write(piece: Buffer): void {
    this.tokenizer.write(piece);
  }

  /** @throws EyrieError INVALID_REQUEST where something is missing */
  end(): void {
    this.tokenizer.end();
  }

  beginObject(): void {
    if (this.isPassing(1)) return;
    try {
      const taker = this.taker();
      if (!taker.object) throw wrong(taker);
      this.open.push({ object: taker.object(), field: taker.field, names: new Set() });
    } catch (error) {
      this.fail(error, 1);
    }
  }

  endObject(): void {
    this.close();
  }

  beginArray(): void {
    if (this.isPassing(1)) return;
    try {
      const taker = this.taker();
      if (!taker.array) throw wrong(taker);
      this.open.push({ array: taker.array() });
    } catch (error) {
      this.fail(error, 1);
    }
  }

  endArray(): void {
    this.close();
  }

  number(value: number | bigint): void {
    if (this.isPassing()) return;
    try {
      const taker = this.taker();
      if (!taker.number) throw wrong(taker);
      if (typeof value === 'bigint' && taker.integer) taker.integer(value);
      else taker.number(Number(value));
    } catch (error) {
      this.fail(error);
    }
    this.leaveContainer();
  }

  literal(value: boolean | null): void {
    if (this.isPassing()) return;
    try {
      const taker = this.taker();
      if (!taker.literal) throw wrong(taker);
      taker.literal(value);
    } catch (error) {
      this.fail(error);
    }
    this.leaveContainer();
  }

  beginKey(): StringSink {
    return this.isPassing() ? NOWHERE : this.contained(this.key.clear(), false);
  }

  beginString(): StringSink {
    if (this.isPassing()) return NOWHERE;
    try {
      const taker = this.taker();
      if (!taker.string) throw wrong(taker);
      return this.contained(taker.string(), true);
    } catch (error) {
      this.fail(error);
      return NOWHERE;
    }
  }

  private named(name: string): void {
    const { object, field, names } = this.open.at(-1) as OpenObject;
    if (names.has(name)) throw invalidField(field === '' ? name : `${field}.${name}`, 'is given more than once');
    names.add(name);
    this.member = object.member(name);
  }

  /** The taker of the value that begins now. */
  private taker(): ValueTaker {
    const open = this.open.at(-1);
    const taker = !open ? this.body : 'array' in open ? open.array.item() : this.member!;
    if (taker.failed && !this.container) this.container = { taker, depth: this.open.length };
    return taker;
  }

  private close(): void {
    if (this.passing) {
      this.passing.depth--;
      if (this.passing.depth === 0) this.passing = undefined;
      return;
    }
    const closed = this.open.pop()!;
    try {
      if ('array' in closed) closed.array.end?.();
      else closed.object.end?.();
    } catch (error) {
      // It has ended already: nothing is left to pass over, unless something around it is at fault, too.
      this.fail(error);
    }
    this.leaveContainer();
  }

  private leaveContainer(): void {
    if (this.container?.depth === this.open.length) this.container = undefined;
  }

  /** @param unread how many objects and arrays have begun that are not in `open`. @throws the error, outside of a container */
  private fail(error: unknown, unread = 0): void {
    const { container } = this;
    if (!container) throw error;
    container.taker.failed!(error);
    const depth = this.open.length - container.depth + unread;
    this.open.length = container.depth;
    this.container = undefined;
    if (depth > 0) this.passing = { depth, tokens: 0, why: error };
  }

  /** @param opens 1 where an object or array begins */
  private isPassing(opens = 0): boolean {
    const { passing } = this;
    if (!passing) return false;
    passing.depth += opens;
    if (++passing.tokens > MAX_TOKENS_PASSED_OVER) throw passing.why;
    return true;
  }

  /** @param isValue and no name */
  private contained(sink: StringSink, isValue: boolean): StringSink {
    if (!this.container) return sink;
    this.sink = sink;
    this.isValue = isValue;
    return this.guard;
  }

  /** Hands a string on whose faults are those of the value that it belongs to. */
  private readonly guard: StringSink = {
    take: (bytes, from, end) => {
      try {
        return this.sink.take(bytes, from, end);
      } catch (error) {
        this.failInString(error);
        return NOWHERE.take(bytes, from, end);
      }
    },
    character: (codePoint) => {
      try {
        this.sink.character(codePoint);
      } catch (error) {
        this.failInString(error);
      }
    },
    end: () => {
      const isRight = this.sink !== NOWHERE;
      try {
        this.sink.end();
      } catch (error) {
        this.failInString(error);
      }
      if (isRight && this.isValue) this.leaveContainer();
    },
  };

  private failInString(error: unknown): void {
    this.sink = NOWHERE;
    this.fail(error);
  }
}

function wrong({ field, wants }: ValueTaker): EyrieError {
  return field === '' ? new EyrieError('INVALID_REQUEST', `the body ${wants}`) : invalidField(field, wants);
}

function nameTooLong(): EyrieError {
  return new EyrieError('INVALID_REQUEST', `the name of a field is longer than ${MAX_NAME_BYTES} bytes`);
}
