import { EyrieError, invalidField } from '#core';
import {
  type Classes,
  eachElement,
  type ImageClassifier,
  readShape,
  readTensor,
  type TensorValue,
  writeStrings,
} from '#tasks';
import { decodeBase64 } from '../../inputs/json/base64';
import type { NestedElements } from '../../inputs/json/nested-list';
import type { InferRequest, SentInput } from './infer-request';
import type { Translation, TranslationLimits } from './translation';

/** A picture's scores by class, or its best classes in words. */
type Row = Float32Array | readonly string[];

/** Of a score in words; Triton has as many. */
const DECIMALS = 6;

/**
 * Pictures as the bytes of their files, or as pixels that are ready for the graph; their scores out, in the order of the labels, or
 * their best classes.
 * @throws EyrieError INVALID_REQUEST, INVALID_IMAGE, IMAGE_TOO_LARGE
 */
export async function translatePictures(
  task: ImageClassifier,
  request: InferRequest,
  limits: TranslationLimits,
): Promise<Translation<Row>> {
  const { labels, outputName } = task;
  const count = classificationOf(task, request);
  const { isReady, pictures, name } = await readPictures(task, request, limits);
  return {
    reads: pictures.map((picture) => () => {
      return Promise.resolve(task.scoresInput(picture, count ?? labels.length, isReady));
    }),
    places: pictures.map((_, i) => `inputs.${name}[${i}]`),
    present: (output) =>
      count === undefined ? scoresOf(output as Classes, labels.length) : wordsOf(output as Classes),
    outputs: (rows) =>
      [
        count === undefined
          ? {
              name: outputName,
              datatype: 'FP32',
              shape: [rows.length, labels.length],
              data: joined(rows as Float32Array[]),
            }
          : {
              name: outputName,
              datatype: 'BYTES',
              shape: [rows.length, count],
              data: writeStrings(rows.flatMap((row) => [...(row as string[])])),
            },
      ] satisfies TensorValue[],
  };
}

/** @throws EyrieError INVALID_REQUEST for another output than the one that there is */
function classificationOf({ labels, outputName }: ImageClassifier, { outputs = [] }: InferRequest): number | undefined {
  const [output] = outputs;
  const wrong = outputs.findIndex(({ name }, i) => i > 0 || name !== outputName);
  if (wrong >= 0) throw invalidField(`outputs[${wrong}].name`, `must be the model's only output, "${outputName}"`);
  const { classification } = output ?? {};
  if (classification !== undefined && classification > labels.length) {
    const detail = `must be at most ${labels.length}, the number of classes of the model`;
    throw invalidField('outputs[0].parameters.classification', detail);
  }
  return classification;
}

interface Pictures {
  name: string;
  /** For the graph, and not files. */
  isReady: boolean;
  pictures: readonly Uint8Array[];
}

async function readPictures(
  task: ImageClassifier,
  { inputs }: InferRequest,
  limits: TranslationLimits,
): Promise<Pictures> {
  const { pixels } = task;
  if (Buffer.isBuffer(inputs))
    return { name: pixels.name, isReady: false, pictures: [checked(inputs, 'the body', limits)] };
  const input = inputs.find(({ name }) => name === pixels.name);
  const other = inputs.find(({ name }) => name !== pixels.name);
  if (other) throw invalidField(`inputs.${other.name}`, `is no input of the model; it has ${pixels.name}`);
  if (!input) throw invalidField(`inputs.${pixels.name}`, 'is missing');
  const isReady = input.datatype !== 'BYTES';
  return {
    name: pixels.name,
    isReady,
    pictures: await (isReady ? readPixels(task, input, limits) : readFiles(input, limits)),
  };
}

/** `[N]` or `[N, 1]` files, as bytes or in base64: JSON has no way to write bytes. */
async function readFiles({ name, shape: given, data }: SentInput, limits: TranslationLimits): Promise<Uint8Array[]> {
  const field = `inputs.${name}`;
  const shape = readShape(given, `${field}.shape`);
  if (shape.length < 1 || shape.length > 2 || (shape[1] ?? 1) !== 1) {
    throw invalidField(`${field}.shape`, `must be [N] or [N, 1] for N files of pictures, and is [${shape.join(', ')}]`);
  }
  const count = requireSome(shape[0]!, field, limits);
  const files: Uint8Array[] = [];
  if (Buffer.isBuffer(data)) {
    await eachElement(data, count, field, (file, i) => files.push(checked(file, `${field}[${i}]`, limits)));
    return files;
  }
  if (data.length !== count) {
    throw invalidField(
      `${field}.data`,
      `has ${data.length} elements, but the shape [${shape.join(', ')}] has ${count}`,
    );
  }
  for (const [i, text] of elementsOf(data).entries()) {
    const place = `${field}.data[${i}]`;
    if (typeof text !== 'string') throw invalidField(place, 'must be a file in base64; bytes are sent as binary data');
    files.push(await decodeBase64(text, place, limits.MAX_IMAGE_BYTES));
  }
  return files;
}

async function readPixels(
  { pixels }: ImageClassifier,
  input: SentInput,
  limits: TranslationLimits,
): Promise<Uint8Array[]> {
  const field = `inputs.${input.name}`;
  const shape = readShape(input.shape, `${field}.shape`);
  const takes = `[N, ${pixels.shape.join(', ')}] of ${pixels.datatype}`;
  const fits = shape.length === pixels.shape.length + 1 && pixels.shape.every((size, i) => size === shape[i + 1]);
  if (!fits || input.datatype !== pixels.datatype) {
    const sent = `is [${shape.join(', ')}] of ${input.datatype}`;
    throw invalidField(field, `${sent}; the model takes ${takes}, or [N] of BYTES: files of pictures`);
  }
  const count = requireSome(shape[0]!, field, limits);
  const { data } = await readTensor(input.name, input, pixels.datatype, field);
  const size = data.length / count;
  return Array.from({ length: count }, (_, i) => data.subarray(i * size, (i + 1) * size));
}

function requireSome(count: number, field: string, { MAX_BATCH_ITEMS }: TranslationLimits): number {
  if (count >= 1 && count <= MAX_BATCH_ITEMS) return count;
  throw invalidField(`${field}.shape`, `must be of 1 to ${MAX_BATCH_ITEMS} pictures, and has ${count}`);
}

function checked(file: Uint8Array, what: string, { MAX_IMAGE_BYTES }: TranslationLimits): Uint8Array {
  if (file.length === 0) throw new EyrieError('INVALID_IMAGE', `${what} is empty`);
  if (file.length <= MAX_IMAGE_BYTES) return file;
  throw new EyrieError('IMAGE_TOO_LARGE', `${what} has more than the ${MAX_IMAGE_BYTES} bytes that are allowed`);
}

function elementsOf({ blocks }: NestedElements) {
  return blocks.flatMap((block) => Array.from(block));
}

function scoresOf(classes: Classes, count: number): Float32Array {
  const scores = new Float32Array(count);
  for (const { class_id, confidence } of classes) scores[class_id] = confidence;
  return scores;
}

/** https://github.com/triton-inference-server/server, docs/protocol/extension_classification.md */
function wordsOf(classes: Classes): string[] {
  return classes.map(({ class_id, label, confidence }) => `${confidence.toFixed(DECIMALS)}:${class_id}:${label}`);
}

function joined(rows: readonly Float32Array[]): Uint8Array {
  return Buffer.concat(rows.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)));
}
