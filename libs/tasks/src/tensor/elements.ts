import { eventLoopShare } from '#core';
import { DATA_TYPES, type JsonElement } from './data-type';
import { stringAt, type TensorValue } from './tensor-json';

/** Read at once: a fraction of a millisecond, but for texts that are long. */
const BLOCK = 4096;
/** Of texts, so many bytes end a block, too. */
const BLOCK_BYTES = 64 * 1024;

/** How integers of 64 bits are read: as JSON numbers and strings have them here, or as they are. */
export type Read = 'json' | 'exact';

/**
 * The elements of a tensor row by row, some at a time: read as somebody asks for them, in the shares of the event loop that are there for
 * it, so that an answer of millions holds up nobody.
 * @throws RangeError where the lengths of a BYTES tensor and its bytes do not fit
 */
export async function* elementsInBlocks(
  tensor: TensorValue,
  as: Read = 'json',
): AsyncGenerator<(JsonElement | bigint)[]> {
  const next = tensor.datatype === 'BYTES' ? textsOf(tensor) : numbersOf(tensor, as);
  for (;;) {
    await eventLoopShare.turn();
    let block: (JsonElement | bigint)[] = [];
    eventLoopShare.spend(() => (block = next()));
    if (block.length === 0) return;
    yield block;
  }
}

/** As JSON, without the brackets around them. */
export async function* elementsAsJson(tensor: TensorValue, as: Read = 'json'): AsyncGenerator<string> {
  let separator = '';
  for await (const block of elementsInBlocks(tensor, as)) {
    let text = '';
    eventLoopShare.spend(() => (text = separator + block.map(written).join()));
    yield text;
    separator = ',';
  }
}

function written(element: JsonElement | bigint): string {
  return typeof element === 'bigint' ? String(element) : JSON.stringify(element);
}

function numbersOf({ datatype, data }: TensorValue, as: Read): () => (JsonElement | bigint)[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const codec = DATA_TYPES[datatype as keyof typeof DATA_TYPES];
  const { bytes } = codec;
  const count = data.byteLength / bytes;
  let from = 0;
  const element = (at: number): JsonElement | bigint => {
    if (as === 'exact' && datatype === 'INT64') return view.getBigInt64(at, true);
    if (as === 'exact' && datatype === 'UINT64') return view.getBigUint64(at, true);
    return codec.read(view, at);
  };
  return () => {
    const block = Array.from({ length: Math.min(BLOCK, count - from) }, (_, i) => element((from + i) * bytes));
    from += block.length;
    return block;
  };
}

function textsOf({ data }: TensorValue): () => string[] {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  return () => {
    const block: string[] = [];
    for (const until = at + BLOCK_BYTES; at < bytes.length && at < until && block.length < BLOCK;) {
      const [text, next] = stringAt(bytes, at);
      block.push(text);
      at = next;
    }
    return block;
  };
}
