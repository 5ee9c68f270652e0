import { invalidField } from '#core';
import type { Allowance } from '../../inputs/json/allowance';
import { FieldsOf, stringField, type Fields } from '../../inputs/json/fields';
import { ExactNestedList, NestedList } from '../../inputs/json/nested-list';
import type { ArrayTaker, ObjectTaker, ValueTaker } from '../../inputs/json/takers';
import type { InferRequest, RequestedOutput, SentInput } from './infer-request';
import {
  MAX_DATATYPE_BYTES,
  MAX_NAME_BYTES,
  MAX_TENSORS,
  MEANINGLESS,
  REFUSED_OF_TENSORS,
  requireContentType,
} from './infer-parameters';
import { booleanField, orNull, wholeField } from './plain-fields';

/** An input before its bytes, if it has some, have come. */
type AwaitedInput = Omit<SentInput, 'data'> & { data?: SentInput['data']; binarySize?: number };

/** The JSON of an inference request, or what stands before its bytes. */
export class InferBody implements ValueTaker {
  readonly field = '';
  readonly wants = 'must be a JSON object';
  private readonly request: Omit<InferRequest, 'inputs'> = { isBinary: false };
  private readonly inputs: AwaitedInput[] = [];

  constructor(private readonly allowance: Allowance) {}

  object(): ObjectTaker {
    const { request } = this;
    const text = (field: string, then: (value: string) => void) =>
      orNull(stringField(field, then, { maxBytes: MAX_NAME_BYTES }));
    const fields: Fields = {
      id: (field) => text(field, (id) => (request.id = id)),
      model_name: (field) => text(field, (name) => (request.modelName = name)),
      model_version: (field) => text(field, (version) => (request.modelVersion = version)),
      parameters: (field) => parameters(field, this.requestParameters()),
      inputs: (field) => listOf(field, this.inputs, (path) => this.inputField(path)),
      outputs: (field) => orNull(this.outputsField(field)),
    };
    return new FieldsOf('', fields, {}, () => {
      if (this.inputs.length === 0) throw invalidField('inputs', 'is missing, or has nothing in it');
    });
  }

  /** How many bytes must follow the JSON; undefined where the inputs are all in it. */
  get binaryBytes(): number | undefined {
    const sizes = this.inputs.flatMap(({ binarySize }) => binarySize ?? []);
    return sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0);
  }

  /** @param binary what followed the JSON, as many bytes as `binaryBytes` says */
  whole(binary: Buffer): InferRequest {
    let at = 0;
    const inputs = this.inputs.map(({ binarySize, data, ...input }): SentInput => {
      if (binarySize === undefined) return { ...input, data: data! };
      const bytes = binary.subarray(at, at + binarySize);
      at += binarySize;
      return { ...input, data: bytes };
    });
    return { ...this.request, inputs };
  }

  private requestParameters(): Fields {
    const { request } = this;
    return {
      binary_data_output: (field) => booleanField(field, (value) => (request.isBinary = value)),
      // As Triton does unless a model's configuration says otherwise: REQUEST_TIMEOUT_MS holds. A time that clients choose would
      // have the guard take back a version that is not too slow.
      timeout: (field) => wholeField(field, 0, () => undefined),
      ...Object.fromEntries(
        Object.entries(MEANINGLESS).map(([name, { values, wants }]) => [
          name,
          (field: string) => mustBe(field, values, wants),
        ]),
      ),
      content_type: (field) => contentType(field, () => undefined),
    };
  }

  private inputField(path: string): ValueTaker {
    let [data, shape]: (NestedList | undefined)[] = [];
    let [name, datatype, contentTypeOf]: (string | undefined)[] = [];
    let binarySize: number | undefined;
    const fields: Fields = {
      name: (field) => stringField(field, (text) => (name = text), { maxBytes: MAX_NAME_BYTES }),
      datatype: (field) => stringField(field, (text) => (datatype = text), { maxBytes: MAX_DATATYPE_BYTES }),
      shape: (field) => (shape = new NestedList(field, this.allowance, 'must be a list of whole numbers')),
      data: (field) => (data = new ExactNestedList(field, this.allowance)),
      parameters: (field) =>
        parameters(
          field,
          {
            binary_data_size: (inner) => wholeField(inner, 0, (size) => (binarySize = size)),
            content_type: (inner) => contentType(inner, (text) => (contentTypeOf = text)),
          },
          REFUSED_OF_TENSORS,
        ),
    };
    const end = (): void => {
      if (name === undefined) throw invalidField(`${path}.name`, 'is missing');
      if (datatype === undefined) throw invalidField(`${path}.datatype`, 'is missing');
      if (!shape) throw invalidField(`${path}.shape`, 'is missing');
      if (this.inputs.some((other) => other.name === name))
        throw invalidField(`${path}.name`, `"${name}" is there twice`);
      if (data && binarySize !== undefined) {
        throw invalidField(path, 'has "data" and "binary_data_size": its data are in the JSON or behind it, not both');
      }
      if (!data && binarySize === undefined) throw invalidField(`${path}.data`, 'is missing');
      const input = {
        name,
        datatype,
        shape: shape.elements,
        data: data?.elements,
        binarySize,
        contentType: contentTypeOf,
      };
      this.inputs.push(input);
    };
    return { field: path, wants: 'must be a JSON object', object: () => new FieldsOf(`${path}.`, fields, {}, end) };
  }

  private outputsField(field: string): ValueTaker {
    const outputs: RequestedOutput[] = [];
    const list = listOf(field, outputs, (path) => outputField(path, (output) => outputs.push(output)));
    const array = (): ArrayTaker => ({
      ...list.array!(),
      // Who wants none of them means all: to be answered with nothing nobody asks.
      end: () => (this.request.outputs = outputs.length === 0 ? undefined : outputs),
    });
    return { ...list, array };
  }
}

function outputField(path: string, then: (output: RequestedOutput) => void): ValueTaker {
  let name: string | undefined;
  const asked: Omit<RequestedOutput, 'name'> = {};
  const fields: Fields = {
    name: (field) => stringField(field, (text) => (name = text), { maxBytes: MAX_NAME_BYTES }),
    parameters: (field) =>
      parameters(
        field,
        {
          binary_data: (inner) => booleanField(inner, (value) => (asked.isBinary = value)),
          classification: (inner) => wholeField(inner, 1, (count) => (asked.classification = count)),
          content_type: (inner) => contentType(inner, () => undefined),
        },
        REFUSED_OF_TENSORS,
      ),
  };
  const end = (): void => {
    if (name === undefined) throw invalidField(`${path}.name`, 'is missing');
    then({ name, ...asked });
  };
  return { field: path, wants: 'must be a JSON object', object: () => new FieldsOf(`${path}.`, fields, {}, end) };
}

/** @param found what is in the list so far, which grows with each item */
function listOf(field: string, found: readonly unknown[], item: (path: string) => ValueTaker): ValueTaker {
  const items: ArrayTaker = {
    item: () => {
      if (found.length === MAX_TENSORS) throw invalidField(field, `has more than ${MAX_TENSORS} tensors`);
      return item(`${field}[${found.length}]`);
    },
  };
  return { field, wants: 'must be a list of tensors', array: () => items };
}

/** What is not known may change the meaning of all else, and is refused. */
function parameters(field: string, known: Fields, refused?: Readonly<Record<string, string>>): ValueTaker {
  const object = (): ObjectTaker => new FieldsOf(`${field}.`, known, refused);
  return orNull({ field, wants: 'must be a JSON object', object });
}

function contentType(field: string, then: (text: string) => void): ValueTaker {
  const check = (text: string): void => {
    requireContentType(field, text);
    then(text);
  };
  return stringField(field, check, { maxBytes: MAX_NAME_BYTES });
}

/** For what has a meaning in the protocol and none here, unless it says that it means nothing. */
function mustBe(field: string, values: readonly (number | string | boolean)[], wants: string): ValueTaker {
  const check = (value: number | string | boolean | null): void => {
    if (value !== null && !values.includes(value)) throw invalidField(field, wants);
  };
  return {
    field,
    wants,
    number: check,
    literal: check,
    string: () => stringField(field, check, { maxBytes: MAX_NAME_BYTES }).string!(),
  };
}
