import { EyrieError, invalidField } from '#core';
import { DATA_TYPES, type Port, type SentTensor, type TensorModel, type Tensors } from '#tasks';
import type { InferRequest } from './infer-request';
import type { Translation } from './translation';

/** Tensors in, tensors out. @throws EyrieError INVALID_REQUEST */
export async function translateTensors(task: TensorModel, request: InferRequest): Promise<Translation<Tensors>> {
  const outputs = request.outputs?.map(({ name, classification }, i) => {
    if (classification !== undefined) {
      const detail = 'is for models that name classes; this one answers with tensors';
      throw invalidField(`outputs[${i}].parameters.classification`, detail);
    }
    return name;
  });
  const input = await task.fromSent(sentTensors(task, request), outputs);
  return {
    reads: [() => Promise.resolve(input)],
    present: (output) => output as Tensors,
    outputs: ([tensors]) => tensors!,
  };
}

function sentTensors(task: TensorModel, { inputs }: InferRequest): Map<string, SentTensor> {
  if (Buffer.isBuffer(inputs)) return onlyTensor(task, inputs);
  return new Map(
    inputs.map(({ name, datatype, shape, data, contentType }): [string, SentTensor] => {
      if (contentType === 'base64') {
        const detail = 'must not be base64: the model takes what is sent as it is';
        throw invalidField(`inputs.${name}.parameters.content_type`, detail);
      }
      return [name, { datatype, shape, data }];
    }),
  );
}

/** A body that is nothing but the data of one tensor: what it is follows from the model and from its length. */
function onlyTensor(task: TensorModel, data: Buffer): Map<string, SentTensor> {
  const [port, ...others] = task.inputs;
  const free = port?.shape.filter((size) => size < 0).length ?? 0;
  if (!port || others.length > 0 || free > 1) {
    const needed = 'a body without any JSON is for models of one input, of whose shape one size at the most is free';
    throw new EyrieError('INVALID_REQUEST', `${needed}; describe the inputs in JSON before it`);
  }
  const shape = port.shape.map((size) => (size < 0 ? sizeFrom(port, data) : size));
  const sent = { shape: { shape: [shape.length], length: shape.length, blocks: [shape] } };
  return new Map([[port.name, { ...sent, data: port.datatype === 'BYTES' ? withLength(data) : data }]]);
}

/** The size that is free. What does not come out even is found when the bytes are counted. */
function sizeFrom({ datatype, shape }: Port, data: Buffer): number {
  if (datatype === 'BYTES') return 1;
  const row = shape.reduce((product, size) => (size < 0 ? product : product * size), DATA_TYPES[datatype].bytes);
  return row === 0 ? 0 : Math.floor(data.length / row);
}

/** It is one element, and comes without its length. */
function withLength(data: Buffer): Buffer {
  const element = Buffer.allocUnsafe(4 + data.length);
  element.writeUInt32LE(data.length, 0);
  data.copy(element, 4);
  return element;
}
