import type { ServerResponse } from 'node:http';
import { bytesOf, elementsAsJson, type TensorValue } from '#tasks';
import { writePieces } from '../../http/write-pieces';
import type { RequestedOutput } from './infer-request';
import type { InferResponse } from './inference';
import { HEADER } from './receive-infer';

/** Answers an inference request: JSON, and behind it the bytes of those outputs that are wanted so. */
export async function writeInfer(
  res: ServerResponse,
  response: InferResponse,
  requested: { isBinary: boolean; outputs?: readonly RequestedOutput[] },
): Promise<void> {
  const behind = response.outputs.filter(
    ({ name }) => requested.outputs?.find((output) => output.name === name)?.isBinary ?? requested.isBinary,
  );
  res.statusCode = 200;
  if (behind.length === 0) {
    res.setHeader('Content-Type', 'application/json');
    return writePieces(res, inJson(response, behind));
  }
  const jsonBytes = await lengthOf(inJson(response, behind));
  res.setHeader('Content-Type', 'application/octet-stream');
  res.setHeader(HEADER, String(jsonBytes));
  await writePieces(res, withBytes(inJson(response, behind), behind), jsonBytes + bytesOf(behind));
}

/** @param behind those outputs whose bytes follow the JSON */
async function* inJson(
  { id, modelName, modelVersion, outputs }: InferResponse,
  behind: readonly TensorValue[],
): AsyncGenerator<string> {
  const head = JSON.stringify({ model_name: modelName, model_version: modelVersion, id });
  yield `${head.slice(0, -1)},"outputs":[`;
  for (const [i, output] of outputs.entries()) {
    const { name, datatype, shape, data } = output;
    const described = JSON.stringify({ name, datatype, shape }).slice(0, -1);
    yield `${i > 0 ? ',' : ''}${described},`;
    if (behind.includes(output)) {
      yield `"parameters":{"binary_data_size":${data.length}}}`;
    } else {
      yield '"data":[';
      // 64-bit integers are numbers, exactly as they are.
      yield* elementsAsJson(output, 'exact');
      yield ']}';
    }
  }
  yield ']}';
}

async function* withBytes(
  json: AsyncIterable<string>,
  outputs: readonly TensorValue[],
): AsyncGenerator<string | Uint8Array> {
  yield* json;
  for (const { data } of outputs) yield data;
}

/** It stands in a header before the JSON. To make it twice takes time, to keep it would take memory. */
async function lengthOf(pieces: AsyncIterable<string>): Promise<number> {
  let length = 0;
  for await (const piece of pieces) length += Buffer.byteLength(piece);
  return length;
}
