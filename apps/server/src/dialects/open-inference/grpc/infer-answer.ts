import { Writer } from 'protobufjs/minimal';
import type { Parts } from '../../../grpc/proto-file';
import type { InferResponse } from '../inference';
import { BYTES } from './wire';

/** A ModelInferResponse: what describes the outputs, and their bytes behind it, which are not copied. */
export function writeInferAnswer({ id, modelName, modelVersion, outputs }: InferResponse, isFinal = false): Parts {
  const head = Writer.create();
  text(head, 1, modelName);
  text(head, 2, modelVersion);
  text(head, 3, id ?? '');
  if (isFinal) {
    const entry = head.uint32((4 << 3) | BYTES).fork();
    text(entry, 1, 'triton_final_response');
    entry
      .uint32((2 << 3) | BYTES)
      .fork()
      .uint32(1 << 3)
      .bool(true)
      .ldelim();
    entry.ldelim();
  }
  for (const { name, datatype, shape } of outputs) {
    const output = head.uint32((5 << 3) | BYTES).fork();
    text(output, 1, name);
    text(output, 2, datatype);
    output.uint32((3 << 3) | BYTES).fork();
    for (const size of shape) output.int64(size);
    output.ldelim();
    output.ldelim();
  }
  const raw = outputs.flatMap(({ data }) => {
    return [
      Writer.create()
        .uint32((6 << 3) | BYTES)
        .uint32(data.length)
        .finish(),
      data,
    ];
  });
  return [head.finish(), ...raw];
}

/** A ModelStreamInferResponse with an answer. */
export function inStream(answer: Parts): Parts {
  const length = answer.reduce((sum, part) => sum + part.length, 0);
  return [
    Writer.create()
      .uint32((2 << 3) | BYTES)
      .uint32(length)
      .finish(),
    ...answer,
  ];
}

/** A ModelStreamInferResponse for a request that failed, with its id. */
export function failedInStream(detail: string, id: string): Parts {
  const writer = Writer.create();
  text(writer, 1, detail);
  writer.uint32((2 << 3) | BYTES).fork();
  text(writer, 3, id);
  writer.ldelim();
  return [writer.finish()];
}

function text(writer: Writer, field: number, value: string): void {
  if (value !== '') writer.uint32((field << 3) | BYTES).string(value);
}
