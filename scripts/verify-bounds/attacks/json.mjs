// JSON that costs more than its bytes. Each is as long as what the limits on images let through.
import { many, sendJson } from '../send.mjs';

const MIB = 2 ** 20;
const ONE = 13 * MIB;
const BATCH = 85 * MIB;

const filled = (head, unit, bytes, tail) => {
  const units = unit.repeat(Math.floor((bytes - head.length - tail.length) / unit.length));
  return head + units.slice(0, -1) + tail;
};
const keys = (count, key) => `{${Array.from({ length: count }, (_, i) => `"${key(i)}":1`).join(',')}}`;

const SINGLE = {
  'arrays in arrays': () => '['.repeat(ONE / 2) + ']'.repeat(ONE / 2),
  'objects in objects': () => '{"a":'.repeat(2 * MIB) + '1' + '}'.repeat(2 * MIB),
  'an array of objects as the image': () => filled('{"image":[', '{},', ONE, ']}'),
  'an array of arrays as the image': () => filled('{"image":[', '[],', ONE, ']}'),
  '900,000 keys': () => keys(900_000, (i) => `k${i}`),
  'keys that are numbers and collide': () => keys(700_000, (i) => (i * 16_777_216) % 4_294_967_290),
  'one key of 13 MiB': () => `{"${'k'.repeat(ONE)}":1}`,
  'an image of spaces': () => `{"image":"${' '.repeat(ONE)}"}`,
  'an image of escapes': () => `{"image":"${'\\u0041'.repeat(2 * MIB)}"}`,
  'an image that is not base64 at its end': () => `{"image":"${'A'.repeat(ONE)}*"}`,
  'a data: URL of parameters': () => `{"image":"data:${';'.repeat(ONE)}"}`,
  'a URL of 13 MiB': () => `{"url":"${'a'.repeat(ONE)}"}`,
  'white space before anything': () => ' '.repeat(ONE) + '{}',
  'tensors in tensors': () => filled('{"inputs":{"x":[', '[[1]],', ONE, ']}}'),
  'numbers of a thousand digits': () => filled('{"inputs":{"x":[', `${'9'.repeat(1000)},`, ONE, ']}}'),
};

const ITEMS = {
  'empty items': () => filled('{"items":[', '{},', BATCH, ']}'),
  'items that are arrays': () => filled('{"items":[', '[],', BATCH, ']}'),
  'items that are numbers': () => filled('{"items":[', '1,', BATCH, ']}'),
  'rows that are empty': () => filled('{"items":[', '{"features":[]},', BATCH, ']}'),
  'rows that are none': () => filled('{"items":[', '{"features":{"a":[]}},', BATCH, ']}'),
  '5,500,000 keys': () => keys(5_500_000, (i) => `k${i}`),
};

const V2_INPUT = '{"inputs":[{"name":"input","datatype":"BYTES","shape":[1],"data":[';
const V2 = {
  'inputs that are empty': () => filled('{"inputs":[', '{},', ONE, ']}'),
  'data in data': () => filled(V2_INPUT, '[[1]],', ONE, ']}]}'),
  'texts that are empty': () => filled(V2_INPUT, '"",', ONE, ']}]}'),
};

const TABLES = {
  'rows of nothing': () => filled('a,b\n', ',\n', 13 * MIB, ''),
  'one row of commas': () => filled('a,b\n', ',', 13 * MIB, ''),
  'a quote that never ends': () => filled('a,b\n"', 'x', 13 * MIB, ''),
  'a header of 60 MiB': () => filled('', 'x,', 60 * MIB, ''),
  'records of a megabyte of empty quotes': () => `a,b\n${`${'"",'.repeat(340_000)}\n`.repeat(60)}`,
};

const POLICIES = {
  'a policy 100,000 deep': () => '{"x":'.repeat(100_000) + '1' + '}'.repeat(100_000),
  'a policy of 1 MiB': () => filled('{"variants":[', '{},', MIB, ']}'),
};

/** @type {import('../main.mjs').Attack[]} */
export const jsonAttacks = [
  ...attacks(SINGLE, '/v1/predict'),
  {
    name: 'JSON: eight arrays of objects at once',
    run: ({ url }) => {
      const body = SINGLE['an array of objects as the image']();
      return many(8, 8, () => sendJson(`${url}/v1/predict`, body));
    },
  },
  ...attacks(ITEMS, '/v1/predict/batch'),
  ...attacks(POLICIES, '/v1/models/resnet-cifar10/policy', 'PUT'),
  ...attacks(V2, '/v2/models/resnet-cifar10/infer'),
  ...Object.entries(TABLES).map(([name, body]) => ({
    name: `CSV: ${name}`,
    inShort: true,
    run: async ({ url }) => {
      const headers = { 'Content-Type': 'text/csv' };
      return [await sendJson(`${url}/v1/predict/batch?model=breast-cancer`, body(), { headers })];
    },
  })),
];

function attacks(bodies, path, method = 'POST') {
  return Object.entries(bodies).map(([name, body]) => ({
    name: `JSON: ${name}`,
    inShort: path !== '/v1/predict' || /objects|keys|escapes|tensors/.test(name),
    run: async ({ url, key }) => {
      const headers = method === 'PUT' ? { Authorization: `Bearer ${key}` } : {};
      return [await sendJson(url + path, body(), { method, headers })];
    },
  }));
}
