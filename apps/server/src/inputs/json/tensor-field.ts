import { invalidField } from '#core';
import type { SentTensor } from '../source';
import type { Allowance } from './allowance';
import { FieldsOf, stringField } from './fields';
import { NestedList } from './nested-list';
import type { ArrayTaker, ObjectTaker, ValueTaker } from './takers';
import type { StringSink } from './tokenizer';

/** More than any graph has that is asked by JSON. */
const MAX_TENSORS = 1000;
const MAX_DATATYPE_BYTES = 20;

/** `{"name": nested lists or {"shape", "datatype", "data"}, …}` */
export function tensorsField(
  field: string,
  allowance: Allowance,
  then: (tensors: Map<string, SentTensor>) => void,
): ValueTaker {
  const tensors = new Map<string, SentTensor>();
  const members: ObjectTaker = {
    member(name) {
      if (tensors.size === MAX_TENSORS) throw invalidField(field, `has more than ${MAX_TENSORS} tensors`);
      return new TensorField(`${field}.${name}`, allowance, (tensor) => tensors.set(name, tensor));
    },
    end: () => then(tensors),
  };
  return { field, wants: 'must be an object with the inputs of the model by name', object: () => members };
}

/** One tensor: nested lists, a single element, or an object with its data in it. */
class TensorField implements ValueTaker {
  readonly wants = 'must be nested lists of numbers, strings or booleans, or {"shape", "datatype", "data"}';

  constructor(
    readonly field: string,
    private readonly allowance: Allowance,
    private readonly then: (tensor: SentTensor) => void,
  ) {}

  array(): ArrayTaker {
    return this.list().array();
  }

  number(value: number): void {
    this.list().number(value);
  }

  string(): StringSink {
    return this.list().string();
  }

  literal(value: boolean | null): void {
    this.list().literal(value);
  }

  /** @throws EyrieError INVALID_REQUEST where there is no data */
  object(): ObjectTaker {
    const { field, allowance } = this;
    let [data, shape]: (NestedList | undefined)[] = [];
    let datatype: string | undefined;
    const fields = {
      shape: (path: string) => (shape = new NestedList(path, allowance, 'must be a list of whole numbers')),
      datatype: (path: string) => stringField(path, (text) => (datatype = text), { maxBytes: MAX_DATATYPE_BYTES }),
      data: (path: string) => (data = new NestedList(path, allowance)),
    };
    return new FieldsOf(`${field}.`, fields, {}, () => {
      if (!data) throw invalidField(`${field}.data`, 'is missing');
      if (!shape) throw invalidField(`${field}.shape`, 'is missing');
      this.then({ data: data.elements, shape: shape.elements, datatype });
    });
  }

  private list(): NestedList {
    const list = new NestedList(this.field, this.allowance);
    this.then({
      // What it has when all of it has come.
      get data() {
        return list.elements;
      },
    });
    return list;
  }
}
