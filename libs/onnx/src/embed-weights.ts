import { MODEL_PROTO } from './schema';
import { OnnxFormatError, type OnnxTensor } from './model';
import { bytesField, fieldsOf, type Parts } from './wire';

/** Where a tensor's bytes lie, as its `external_data` says. */
export interface ExternalWeights {
  /** A path beside the ONNX file. */
  location: string;
  offset: number;
  /** Up to the end of the file when it is not said. */
  length: number | undefined;
}

type Place = 'model' | 'graph' | 'node' | 'attribute' | 'tensor' | 'sparse' | 'function';

/** Which fields lead to tensors, by the numbers of onnx.proto. */
const LEADS_TO: Readonly<Record<Place, Readonly<Record<number, Place>>>> = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  function: { 7: 'node', 11: 'attribute' },
  tensor: {},
};
const RAW_DATA = 9;
const EXTERNAL_DATA = 13;
const DATA_LOCATION = 14;
/** Raw values are in the file itself, or beside it: these go. */
const REPLACED = new Set([RAW_DATA, EXTERNAL_DATA, DATA_LOCATION]);

const TENSOR_PROTO = MODEL_PROTO.root.lookupType('TensorProto');

/**
 * Puts weights that lie in other files into the ONNX file itself. All else of it stays byte for byte as it is.
 * @param read gives a tensor's bytes
 * @returns the new file in parts; undefined where all weights are in the file already
 * @throws OnnxFormatError, and what `read` throws
 */
export function embedWeights(model: Uint8Array, read: (where: ExternalWeights) => Uint8Array): Parts | undefined {
  return rewritten(model, 'model', read);
}

function rewritten(message: Uint8Array, place: Place, read: (where: ExternalWeights) => Uint8Array): Parts | undefined {
  if (place === 'tensor') return embedded(message, read);
  const parts: Uint8Array[] = [];
  let isChanged = false;
  for (const field of fieldsOf(message)) {
    const inner = LEADS_TO[place][field.number];
    const changed = inner && field.type === 2 ? rewritten(field.content, inner, read) : undefined;
    isChanged ||= changed !== undefined;
    parts.push(...(changed ? bytesField(field.number, changed) : [field.raw]));
  }
  return isChanged ? parts : undefined;
}

function embedded(tensor: Uint8Array, read: (where: ExternalWeights) => Uint8Array): Parts | undefined {
  const fields = [...fieldsOf(tensor)];
  if (!fields.some(({ number }) => number === EXTERNAL_DATA || number === DATA_LOCATION)) return undefined;
  const { name, dataLocation, externalData } = TENSOR_PROTO.toObject(TENSOR_PROTO.decode(tensor), {
    arrays: true,
    longs: Number,
  }) as OnnxTensor;
  if (dataLocation !== 1) return undefined;
  const said = new Map(externalData?.map(({ key, value }) => [key, value]));
  const location = said.get('location');
  if (!location)
    throw new OnnxFormatError(`weight "${name}" lies in another file, but the model does not say in which`);
  const offset = Number(said.get('offset') ?? 0);
  const length = said.has('length') ? Number(said.get('length')) : undefined;
  const kept = fields.filter(({ number }) => !REPLACED.has(number)).map(({ raw }) => raw);
  return [...kept, ...bytesField(RAW_DATA, [read({ location, offset, length })])];
}
