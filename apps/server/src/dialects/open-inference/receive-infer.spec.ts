import type { Request } from 'express';
import { Readable } from 'node:stream';
import type { InferRequest, SentInput } from './infer-request';
import { receiveInfer } from './receive-infer';

const LIMITS = { MAX_REQUEST_BYTES: 1_000_000, BODY_TIMEOUT_MS: 10_000 };

const INPUT = { name: 'x', shape: [2], datatype: 'FP32' };
const binary = (size: unknown) => ({ ...INPUT, parameters: { binary_data_size: size } });
const json = (input: unknown, more = {}) => Buffer.from(JSON.stringify({ inputs: [input], ...more }));

interface Sent {
  header?: string | number;
  /** null for a body in chunks, which does not say how long it is. */
  length?: number | null;
  pieces?: number;
  headers?: Record<string, string>;
}

function receive(body: Buffer, { header, length = body.length, pieces = body.length, headers }: Sent = {}) {
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; at += pieces) chunks.push(body.subarray(at, at + pieces));
  const request = Object.assign(Readable.from(chunks), {
    headers: {
      ...(header !== undefined && { 'inference-header-content-length': String(header) }),
      ...(length !== null && { 'content-length': String(length) }),
      ...headers,
    },
    header: (name: string) => (name === 'content-length' && length !== null ? String(length) : undefined),
  });
  return receiveInfer(request as unknown as Request, LIMITS);
}

const inputsOf = ({ inputs }: InferRequest): readonly SentInput[] => inputs as readonly SentInput[];

describe('a request with bytes behind its JSON', () => {
  const head = Buffer.from(
    JSON.stringify({
      id: 'ä',
      inputs: [
        { ...INPUT, name: 'a', parameters: { binary_data_size: 8 } },
        { name: 'b', shape: [1], datatype: 'INT64', data: [9223372036854775807n].map(Number) },
        { ...INPUT, name: 'c', parameters: { binary_data_size: 3 } },
      ],
    }).replace('9223372036854776000', '9223372036854775807'),
  );
  const body = Buffer.concat([head, Buffer.from('12345678abc')]);

  it.each([1, 2, 7, head.length, head.length + 1, head.length + 8, body.length])(
    'is read the same when it comes in pieces of %i bytes, with its length and without',
    async (pieces) => {
      for (const length of [body.length, null]) {
        const request = await receive(body, { header: head.length, pieces, length });
        const [a, b, c] = inputsOf(request);
        expect(request.id).toBe('ä');
        expect(String(a!.data as Buffer)).toBe('12345678');
        expect(b!.data).toMatchObject({ shape: [1], blocks: [[9223372036854775807n]] });
        expect(String(c!.data as Buffer)).toBe('abc');
      }
    },
  );

  it('may have none', async () => {
    const head = json({ ...INPUT, data: [1, 2] });
    expect(inputsOf(await receive(head, { header: head.length }))).toHaveLength(1);
  });

  it('may be nothing but bytes', async () => {
    const { inputs, isBinary } = await receive(Buffer.from('abc'), { header: 0 });
    expect([(inputs as Buffer).toString(), isBinary]).toEqual(['abc', true]);
  });
});

const eight = Buffer.alloc(8);
const good = json(binary(8));
const umlaut = Buffer.from(JSON.stringify({ id: 'ä', inputs: [binary(8)] }));
const inUmlaut = umlaut.indexOf(0xa4);

describe('is refused, naming what is wrong:', () => {
  it.each<[string, Buffer, Sent, string]>([
    [
      'a length below 0',
      Buffer.concat([good, eight]),
      { header: -1 },
      'must be the number of bytes of the JSON; it is "-1"',
    ],
    ['a length that is none', good, { header: '12a' }, 'it is "12a"'],
    ['two lengths', good, { header: '5, 6' }, 'it is "5, 6"'],
    ['a length beyond all numbers', good, { header: '9'.repeat(30) }, 'must be the number of bytes'],
    ['a length beyond the body', good, { header: good.length + 1 }, `but the body has ${good.length}`],
    [
      'the same, of a body in chunks',
      good,
      { header: good.length + 1, length: null },
      `but the body has ${good.length}`,
    ],
    ['a length that is too short', Buffer.concat([good, eight]), { header: good.length - 1 }, 'ends too early'],
    ['a length that is too long', Buffer.concat([good, eight]), { header: good.length + 1 }, 'follows its end'],
    ['an end inside of a character', Buffer.concat([umlaut, eight]), { header: inUmlaut }, 'ends too early'],
    ['bytes without a length', good, {}, '"binary_data_size" needs the header Inference-Header-Content-Length'],
    ['too few bytes', Buffer.concat([good, eight.subarray(1)]), { header: good.length }, 'makes 8 bytes, but 7 follow'],
    ['too many bytes', Buffer.concat([good, eight, eight]), { header: good.length }, 'makes 8 bytes, but 16 follow'],
    [
      'too few, in chunks',
      Buffer.concat([good, eight.subarray(1)]),
      { header: good.length, length: null },
      'but 7 follow',
    ],
    [
      'too many, in chunks',
      Buffer.concat([good, eight, eight]),
      { header: good.length, length: null },
      'but more follow',
    ],
    ['no bytes at all', good, { header: good.length }, 'makes 8 bytes, but 0 follow'],
    [
      'bytes that nobody speaks of',
      Buffer.concat([json({ ...INPUT, data: [1, 2] }), eight]),
      { header: json({ ...INPUT, data: [1, 2] }).length },
      'makes 0 bytes, but 8 follow',
    ],
    ['a size below 0', json(binary(-8)), {}, 'inputs[0].parameters.binary_data_size must be a whole number'],
    ['a size with a fraction', json(binary(7.5)), {}, 'must be a whole number of at least 0'],
    ['a size as a string', json(binary('8')), {}, 'inputs[0].parameters.binary_data_size must be a whole number'],
    [
      'a size beyond all numbers',
      Buffer.from(String(json(binary(8))).replace('8', '18446744073709551615')),
      {},
      'must be a whole number',
    ],
    ['data and a size', json({ ...binary(8), data: [1, 2] }), {}, 'inputs[0] has "data" and "binary_data_size"'],
    ['neither', json(INPUT), {}, 'inputs[0].data is missing'],
    ['no shape', json({ name: 'x', datatype: 'FP32', data: [1] }), {}, 'inputs[0].shape is missing'],
    ['no datatype', json({ name: 'x', shape: [1], data: [1] }), {}, 'inputs[0].datatype is missing'],
    ['no name', json({ shape: [1], datatype: 'FP32', data: [1] }), {}, 'inputs[0].name is missing'],
    ['no inputs', Buffer.from('{}'), {}, 'inputs is missing'],
    ['a list of none', Buffer.from('{"inputs":[]}'), {}, 'inputs is missing, or has nothing in it'],
    [
      'an input twice',
      Buffer.from(
        JSON.stringify({
          inputs: [
            { ...INPUT, data: [1] },
            { ...INPUT, data: [1] },
          ],
        }),
      ),
      {},
      'inputs[1].name "x" is there twice',
    ],
    [
      '10,000 inputs',
      Buffer.from(
        JSON.stringify({ inputs: Array.from({ length: 10_000 }, (_, i) => ({ ...INPUT, name: `x${i}`, data: [] })) }),
      ),
      {},
      'inputs has more than 1000 tensors',
    ],
    ['ragged data', json({ ...INPUT, data: [[1], [2, 3]] }), {}, 'is ragged'],
    [
      'NaN',
      Buffer.from('{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[NaN]}]}'),
      {},
      'inputs[0].data is NaN or Infinity, which JSON does not have',
    ],
    ['a field that is not known', json({ ...INPUT, data: [1, 2], scale: 2 }), {}, 'unknown field "inputs[0].scale"'],
    [
      'a parameter that is not known',
      json({ ...INPUT, data: [1, 2] }, { parameters: { top_k: 3 } }),
      {},
      'unknown field "parameters.top_k"',
    ],
    [
      'shared memory',
      json({ ...INPUT, parameters: { shared_memory_region: 'a' } }),
      {},
      'no memory is shared with clients',
    ],
    [
      'a sequence',
      json({ ...INPUT, data: [1, 2] }, { parameters: { sequence_id: 7 } }),
      {},
      'parameters.sequence_id must be left out',
    ],
    [
      'a priority',
      json({ ...INPUT, data: [1, 2] }, { parameters: { priority: 1 } }),
      {},
      'parameters.priority must be 0',
    ],
    ['an id that is no text', json({ ...INPUT, data: [1, 2] }, { id: 1 }), {}, 'id must be a string'],
    [
      'no class',
      json({ ...INPUT, data: [1, 2] }, { outputs: [{ name: 'y', parameters: { classification: 0 } }] }),
      {},
      'classification must be a whole number of at least 1',
    ],
    ['a compressed body', good, { headers: { 'content-encoding': 'gzip' } }, 'without Content-Encoding'],
    ['a form', good, { headers: { 'content-type': 'multipart/form-data; boundary=x' } }, 'and no form'],
    [
      'more bytes than are allowed',
      json(binary(1_000_001)),
      { header: json(binary(1_000_001)).length, length: 1_000_001 + json(binary(1_000_001)).length },
      'more bytes of tensors than the 1000000 bytes',
    ],
    ['nothing', Buffer.alloc(0), {}, 'the body is empty'],
  ])('%s', async (_, body, sent, message) => {
    await expect(receive(body, sent)).rejects.toThrow(message);
  });
});

it('takes what says that it means nothing, and gives back what the client calls it', async () => {
  const parameters = { sequence_id: 0, sequence_start: false, priority: 0, timeout: 2500, binary_data_output: true };
  const request = await receive(json({ ...INPUT, data: [1, 2] }, { id: '42', parameters, outputs: null }));
  expect(request).toMatchObject({ id: '42', isBinary: true });
  expect(request.outputs).toBeUndefined();
});
