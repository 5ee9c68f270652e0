import type { ServerResponse } from 'node:http';
import { eventLoopShare } from '#core';
import { DATA_TYPES, readStrings, type TensorValue } from '#tasks';
import type { RequestedOutput } from './infer-request';
import type { InferResponse } from './inference';
import { HEADER } from './receive-infer';

/** Written at once: a millisecond's work. */
const BLOCK = 4096;

/** Answers an inference request: JSON, and behind it the bytes of those outputs that are wanted so. */
export async function writeInfer(
  res: ServerResponse,
  response: InferResponse,
  requested: { isBinary: boolean; outputs?: readonly RequestedOutput[] },
): Promise<void> {
  const asBytes = (name: string): boolean =>
    requested.outputs?.find((output) => output.name === name)?.isBinary ?? requested.isBinary;
  const { json, bytes } = await encode(response, asBytes);
  const jsonBytes = lengthOf(json);
  res.statusCode = 200;
  res.setHeader('Content-Type', bytes ? 'application/octet-stream' : 'application/json');
  if (bytes) res.setHeader(HEADER, String(jsonBytes));
  res.setHeader('Content-Length', jsonBytes + lengthOf(bytes ?? []));
  for (const part of [...json, ...(bytes ?? [])]) res.write(part);
  res.end();
}

/** @returns no bytes where none are wanted, and none where those that are wanted are none */
async function encode(
  { id, modelName, modelVersion, outputs }: InferResponse,
  asBytes: (name: string) => boolean,
): Promise<{ json: Buffer[]; bytes?: Uint8Array[] }> {
  const head = JSON.stringify({ model_name: modelName, model_version: modelVersion, id });
  const json: Buffer[] = [Buffer.from(`${head.slice(0, -1)},"outputs":[`)];
  let bytes: Uint8Array[] | undefined;
  for (const [i, output] of outputs.entries()) {
    const { name, datatype, shape, data } = output;
    const described = JSON.stringify({ name, datatype, shape }).slice(0, -1);
    json.push(Buffer.from(`${i > 0 ? ',' : ''}${described},`));
    if (asBytes(name)) {
      (bytes ??= []).push(data);
      json.push(Buffer.from(`"parameters":{"binary_data_size":${data.length}}}`));
    } else {
      json.push(Buffer.from('"data":['), ...(await elementsOf(output)), Buffer.from(']}'));
    }
  }
  json.push(Buffer.from(']}'));
  return { json, bytes };
}

/** The elements as JSON, row by row, without the brackets. 64-bit integers are numbers, exactly as they are. */
async function elementsOf({ datatype, data }: TensorValue): Promise<Buffer[]> {
  const { count, write } = datatype === 'BYTES' ? ofStrings(readStrings(data)) : ofNumbers(data, datatype);
  const parts: Buffer[] = [];
  for (let from = 0; from < count; from += BLOCK) {
    await eventLoopShare.turn();
    eventLoopShare.spend(() => {
      const texts = Array.from({ length: Math.min(BLOCK, count - from) }, (_, i) => write(from + i));
      parts.push(Buffer.from(`${from > 0 ? ',' : ''}${texts.join(',')}`));
    });
  }
  return parts;
}

interface Elements {
  count: number;
  write: (index: number) => string;
}

function ofStrings(strings: readonly string[]): Elements {
  return { count: strings.length, write: (index) => JSON.stringify(strings[index]) };
}

function ofNumbers(data: Uint8Array, datatype: keyof typeof DATA_TYPES): Elements {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const codec = DATA_TYPES[datatype];
  const { bytes } = codec;
  const count = data.length / bytes;
  if (datatype === 'INT64') return { count, write: (i) => String(view.getBigInt64(i * bytes, true)) };
  if (datatype === 'UINT64') return { count, write: (i) => String(view.getBigUint64(i * bytes, true)) };
  return { count, write: (i) => JSON.stringify(codec.read(view, i * bytes)) };
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
