import { createHash } from 'node:crypto';
import {
  invalidField,
  type AnswerCodec,
  type Comparison,
  type GraphInfo,
  type InferenceInput,
  type ServedTask,
  type Tally,
  type TensorInfo,
} from '#core';
import { compareTensors } from './compare-tensors';
import { DATA_TYPES, dataTypeOf, type DataType } from './data-type';
import { bytesOf, readTensor, type SentTensor, type TensorValue } from './tensor-json';

/** The tensors that were asked for. */
export type Tensors = readonly TensorValue[];

/** What crosses to a worker beside the bytes of each tensor. */
export interface TensorParams {
  tensors: readonly Omit<TensorValue, 'data'>[];
  outputs: readonly string[];
}

/** An input or output of the graph that can be sent. */
export interface Port {
  name: string;
  datatype: DataType;
  /** -1 for a dimension that is free. */
  shape: readonly number[];
}

/** Of an answer that is kept: to encode and to decode one takes some milliseconds, during which nobody else is answered. */
const MOST_KEPT_BYTES = 1024 * 1024;

/** One version of a graph of tensors. */
export class TensorModel implements ServedTask<Tensors> {
  readonly task = 'tensor';
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly card: Readonly<Record<string, unknown>>;

  constructor(graph: GraphInfo) {
    this.inputs = ports(graph.inputs);
    this.outputs = ports(graph.outputs);
    this.card = { inputs: this.inputs, outputs: this.outputs };
  }

  /**
   * @param inputs as they were sent, by name @param outputs names of those wanted; without it all
   * @param path of `inputs` in the body, for messages @throws EyrieError INVALID_REQUEST
   */
  async fromSent(
    inputs: ReadonlyMap<string, SentTensor>,
    outputs: readonly string[] | undefined,
    path = '',
  ): Promise<InferenceInput> {
    const tensors: TensorValue[] = [];
    for (const [name, sent] of inputs) {
      tensors.push(await readTensor(name, sent, this.port(name, path).datatype, `${path}inputs.${name}`));
    }
    return this.input(tensors, this.wanted(outputs, path), path);
  }

  /** @throws EyrieError INVALID_REQUEST for a tensor that the graph does not take, or that is missing */
  input(tensors: Tensors, outputs: readonly string[], path = ''): InferenceInput {
    for (const { name, shape } of tensors) {
      const wanted = this.port(name, path).shape;
      const fits = shape.length === wanted.length && wanted.every((size, i) => size < 0 || size === shape[i]);
      if (fits) continue;
      const [sent, takes] = [shape, wanted].map((sizes) => `[${sizes.join(', ')}]`);
      throw invalidField(
        `${path}inputs.${name}`,
        `has the shape ${sent}, but the model takes ${takes} (-1 is any size)`,
      );
    }
    const missing = this.inputs.find(({ name }) => !tensors.some((given) => given.name === name));
    if (missing) throw invalidField(`${path}inputs.${missing.name}`, 'is missing');
    const params: TensorParams = {
      tensors: tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
      outputs,
    };
    const rows = tensors.map(({ shape }) => shape[0] ?? 1);
    return { params, payload: tensors.map(({ data }) => data), cost: Math.max(1, ...rows) };
  }

  answer(sent: unknown): Tensors {
    return sent as Tensors;
  }

  tally(): Tally {
    return {};
  }

  headline(): undefined {
    return undefined;
  }

  compare(tensors: Tensors, others: Tensors): Promise<Comparison> {
    return compareTensors(tensors, others);
  }

  forComparison(input: InferenceInput): InferenceInput {
    return input;
  }

  readonly cache: AnswerCodec<Tensors> = {
    key: (params) => createHash('sha256').update(JSON.stringify(params)).digest('base64url').slice(0, 22),
    breadth: () => Infinity,
    encode(tensors) {
      if (bytesOf(tensors) > MOST_KEPT_BYTES) return undefined;
      return JSON.stringify(
        tensors.map((tensor) => ({ ...tensor, data: Buffer.from(tensor.data).toString('base64') })),
      );
    },
    decode(text, params) {
      const output = decodeTensors(text, (params as TensorParams).outputs);
      return output && { output, breadth: Infinity };
    },
    narrowed: (tensors) => tensors,
  };

  private port(name: string, path: string): Port {
    const found = this.inputs.find((input) => input.name === name);
    if (found) return found;
    const names = this.inputs.map((input) => input.name).join(', ');
    throw invalidField(`${path}inputs.${name}`, `is no input of the model; it has ${names}`);
  }

  private wanted(outputs: readonly string[] | undefined, path: string): readonly string[] {
    const names = this.outputs.map(({ name }) => name);
    if (outputs === undefined) return names;
    if (outputs.length === 0) {
      throw invalidField(`${path}outputs`, `must be a list of names; the model has ${names.join(', ')}`);
    }
    const wrong = outputs.findIndex((name, i) => !names.includes(name) || outputs.indexOf(name) !== i);
    if (wrong >= 0) {
      throw invalidField(`${path}outputs[${wrong}]`, `must be another output of the model; it has ${names.join(', ')}`);
    }
    return outputs;
  }
}

function ports(infos: readonly TensorInfo[]): Port[] {
  return infos.flatMap(({ name, type, shape }) => {
    const datatype = dataTypeOf(type);
    if (!datatype) return [];
    return { name, datatype, shape: shape.map((size) => (typeof size === 'number' && size >= 0 ? size : -1)) };
  });
}

function decodeTensors(text: string, outputs: readonly string[]): Tensors | undefined {
  try {
    const kept = JSON.parse(text) as { name: string; datatype: DataType; shape: number[]; data: string }[];
    const tensors = kept.map((tensor) => ({ ...tensor, data: Buffer.from(tensor.data, 'base64') }));
    const isWhole = tensors.every(({ name, datatype, shape, data }, i) => {
      const size = datatype === 'BYTES' ? undefined : DATA_TYPES[datatype].bytes;
      const count = shape.reduce((product, length) => product * length, 1);
      return name === outputs[i] && (size === undefined || data.length === count * size);
    });
    return isWhole && tensors.length === outputs.length ? tensors : undefined;
  } catch {
    return undefined;
  }
}
