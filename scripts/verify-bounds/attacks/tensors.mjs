// Tensors that are many, or large, on their way in and out. What is answered may be a million times as large as what was asked.
import { many, send, sendJson } from '../send.mjs';

const MIB = 2 ** 20;
const MANY = 1_800_000;

/** An inference request whose only input has its bytes behind the JSON. */
function binary({ isBinary, ...input }, bytes) {
  const inputs = [{ name: 'x', ...input, parameters: { binary_data_size: bytes.length } }];
  const json = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: isBinary } }));
  const lengths = { 'Inference-Header-Content-Length': json.length, 'Content-Length': json.length + bytes.length };
  return { headers: lengths, body: Buffer.concat([json, bytes]) };
}
const numbers = (mib, isBinary, value = 1 / 3) => {
  const values = new Float32Array((mib * MIB) / 4).fill(value);
  return binary({ datatype: 'FP32', shape: [values.length], isBinary }, Buffer.from(values.buffer));
};
const list = (datatype, count, element) =>
  `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[${count}],"data":[${`${element},`.repeat(count - 1)}${element}]}]}`;
const zeros = (count) => list('INT64', 1, count);

const BYTES = {
  '64 MiB of numbers back as bytes': ['echo', () => numbers(64, true)],
  '64 MiB of numbers back as JSON': ['echo', () => numbers(64, false)],
};
const JSONS = {
  '6,000,000 numbers back': ['echo', () => list('FP32', 6e6, 1)],
  'as many texts back': ['say', () => list('BYTES', MANY, '""')],
  'a shape of a million dimensions': [
    'echo',
    () => `{"inputs":[{"name":"x","datatype":"FP32","shape":[${'1,'.repeat(MANY)}1],"data":[1]}]}`,
  ],
  '100 bytes that ask for ten million numbers': ['zeros', () => zeros(1e7)],
  '100 bytes that ask for a hundred million numbers': ['zeros', () => zeros(1e8)],
};
const SHORT = /as bytes|texts|dimensions|ten million/;

/** @type {import('../main.mjs').Attack[]} */
export const tensorAttacks = [
  ...Object.entries(BYTES).map(([name, [model, make]]) => ({
    name: `tensors: ${name}`,
    inShort: SHORT.test(name),
    run: async ({ url }) => [await send(`${url}/v2/models/${model}/infer`, make())],
  })),
  ...Object.entries(JSONS).map(([name, [model, make]]) => ({
    name: `tensors: ${name}`,
    inShort: SHORT.test(name),
    run: async ({ url }) => [await sendJson(`${url}/v2/models/${model}/infer`, make())],
  })),
  {
    name: 'tensors: ten million numbers in the answer of /v1',
    inShort: true,
    run: async ({ url }) => [
      await sendJson(`${url}/v1/models/zeros/predict`, JSON.stringify({ inputs: { x: [1e7] } })),
    ],
  },
  {
    name: 'tensors: four times 64 MiB of numbers back as JSON',
    run: async ({ url }) => many(4, 4, (i) => send(`${url}/v2/models/echo/infer`, numbers(64, false, 1 / (i + 3)))),
  },
];
