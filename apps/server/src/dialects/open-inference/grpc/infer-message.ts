import { Reader } from 'protobufjs/minimal';
import { EyrieError, invalidField, type Limit } from '#core';
import { unreadable } from '../../../grpc/proto-file';
import { Allowance } from '../../../inputs/json/allowance';
import type { NestedElements } from '../../../inputs/json/nested-list';
import { MAX_DATATYPE_BYTES, MAX_NAME_BYTES, MAX_TENSORS } from '../infer-parameters';
import type { InferRequest, RequestedOutput, SentInput } from '../infer-request';
import { readContents } from './contents';
import { Parameters, requireBoolean, requireWhole } from './parameters';
import { BYTES, readString, skip, view } from './wire';

const MAX_DIMENSIONS = 64;
const IS_BINARY = { binary_data: requireBoolean, binary_data_output: requireBoolean };

/** A request as its message has it, and what of it is not in `InferRequest`. */
export interface InferMessage extends InferRequest {
  modelName: string;
  modelVersion: string;
  /** A stream's client wants to be told which answer to a request is its last; here all are. */
  wantsFinal: boolean;
}

interface ReadInput {
  name: string;
  datatype: string;
  shape: number[];
  contents?: Buffer;
  parameters: Parameters;
}

/**
 * Reads a ModelInferRequest. By hand, field by field, since it may be as large as a request may: bytes stay where they are, and nothing
 * in it can become many times as large as it is.
 * @param most of what elements may take that are not sent as bytes
 * @throws EyrieError INVALID_REQUEST, IMAGE_TOO_LARGE
 */
export async function readInferMessage(message: Buffer, most: Limit): Promise<InferMessage> {
  try {
    const { inputs, raw, ...read } = readFields(message);
    return { ...read, inputs: await tensorsOf(inputs, raw, new Allowance(most, 'the contents')), isBinary: true };
  } catch (error) {
    throw error instanceof EyrieError ? error : unreadable('ModelInferRequest', error);
  }
}

/** The id alone, for an error; empty where there is none, or nothing can be read. */
export function idOf(message: Buffer): string {
  try {
    return readFields(message).id ?? '';
  } catch {
    return '';
  }
}

function readFields(message: Buffer) {
  const reader = Reader.create(message);
  const text = (field: string): string => readString(reader, MAX_NAME_BYTES, field);
  const parameters = new Parameters('parameters');
  const inputs: ReadInput[] = [];
  const outputs: RequestedOutput[] = [];
  const raw: Buffer[] = [];
  let [modelName, modelVersion, id] = ['', '', ''];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    switch (tag) {
      case (1 << 3) | BYTES:
        modelName = text('model_name');
        break;
      case (2 << 3) | BYTES:
        modelVersion = text('model_version');
        break;
      case (3 << 3) | BYTES:
        id = text('id');
        break;
      case (4 << 3) | BYTES:
        parameters.add(reader);
        break;
      case (5 << 3) | BYTES:
        inputs.push(readInput(reader, place('inputs', inputs)));
        break;
      case (6 << 3) | BYTES:
        outputs.push(readOutput(reader, place('outputs', outputs)));
        break;
      case (7 << 3) | BYTES:
        place('raw_input_contents', raw);
        raw.push(view(reader));
        break;
      default:
        skip(reader, tag);
    }
  }
  parameters.require(
    {
      // As over REST: REQUEST_TIMEOUT_MS holds.
      timeout: (field, value) => void requireWhole(field, 0, value),
      triton_enable_empty_final_response: (field, value) => void requireBoolean(field, value),
      ...IS_BINARY,
    },
    false,
  );
  return {
    modelName,
    modelVersion,
    id: id || undefined,
    inputs,
    outputs: outputs.length > 0 ? outputs : undefined,
    raw,
    wantsFinal: parameters.get('triton_enable_empty_final_response') === true,
  };
}

function place(field: string, found: readonly unknown[]): string {
  if (found.length === MAX_TENSORS) throw invalidField(field, `has more than ${MAX_TENSORS} tensors`);
  return `${field}[${found.length}]`;
}

function readInput(reader: Reader, path: string): ReadInput {
  const end = reader.uint32() + reader.pos;
  const parameters = new Parameters(`${path}.parameters`);
  const input: ReadInput = { name: '', datatype: '', shape: [], parameters };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case (1 << 3) | BYTES:
        input.name = readString(reader, MAX_NAME_BYTES, `${path}.name`);
        break;
      case (2 << 3) | BYTES:
        input.datatype = readString(reader, MAX_DATATYPE_BYTES, `${path}.datatype`);
        break;
      case 3 << 3:
        addSize(input.shape, reader, path);
        break;
      case (3 << 3) | BYTES:
        for (const last = reader.uint32() + reader.pos; reader.pos < last;) addSize(input.shape, reader, path);
        break;
      case (4 << 3) | BYTES:
        parameters.add(reader);
        break;
      case (5 << 3) | BYTES:
        input.contents = view(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  if (input.name === '') throw invalidField(`${path}.name`, 'is missing');
  if (input.datatype === '') throw invalidField(`${path}.datatype`, 'is missing');
  // KServe's clients say it over gRPC, too.
  parameters.require({ ...IS_BINARY, binary_data_size: (field, value) => void requireWhole(field, 0, value) });
  return input;
}

function addSize(shape: number[], reader: Reader, path: string): void {
  if (shape.length === MAX_DIMENSIONS)
    throw invalidField(`${path}.shape`, `has more than ${MAX_DIMENSIONS} dimensions`);
  shape.push(Number(reader.int64()));
}

function readOutput(reader: Reader, path: string): RequestedOutput {
  const end = reader.uint32() + reader.pos;
  const parameters = new Parameters(`${path}.parameters`);
  const output: RequestedOutput = { name: '' };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === ((1 << 3) | BYTES)) output.name = readString(reader, MAX_NAME_BYTES, `${path}.name`);
    else if (tag === ((2 << 3) | BYTES)) parameters.add(reader);
    else skip(reader, tag);
  }
  if (output.name === '') throw invalidField(`${path}.name`, 'is missing');
  parameters.require({
    ...IS_BINARY,
    classification: (field, value) => (output.classification = requireWhole(field, 1, value)),
  });
  return output;
}

/** Their data are in the request, or all behind it, and never both. */
async function tensorsOf(
  inputs: readonly ReadInput[],
  raw: readonly Buffer[],
  allowance: Allowance,
): Promise<SentInput[]> {
  if (inputs.length === 0) throw invalidField('inputs', 'is missing, or has nothing in it');
  const withContents = inputs.find(({ contents }) => contents !== undefined);
  if (raw.length > 0 && withContents) {
    const detail = 'is there together with contents of inputs: all data are sent in the one way, or all in the other';
    throw invalidField('raw_input_contents', detail);
  }
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw invalidField('raw_input_contents', `has ${raw.length} tensors, but there are ${inputs.length} inputs`);
  }
  const names = new Set<string>();
  const sent: SentInput[] = [];
  for (const [i, { name, datatype, shape, contents = Buffer.alloc(0), parameters }] of inputs.entries()) {
    if (names.has(name)) throw invalidField(`inputs[${i}].name`, `"${name}" is there twice`);
    names.add(name);
    const data = raw[i] ?? (await readContents(contents, datatype, `inputs[${i}].contents`, allowance));
    const said = parameters.get('binary_data_size');
    if (said !== undefined && said !== data.length) {
      throw invalidField(`inputs[${i}].parameters.binary_data_size`, `is ${said}, but ${data.length} bytes were sent`);
    }
    const contentType = parameters.get('content_type');
    sent.push({
      name,
      datatype,
      shape: listOf(shape),
      data,
      contentType: typeof contentType === 'string' ? contentType : undefined,
    });
  }
  return sent;
}

function listOf(elements: readonly number[]): NestedElements {
  return { shape: [elements.length], length: elements.length, blocks: [elements] };
}
