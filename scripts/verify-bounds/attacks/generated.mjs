// What nobody has thought of: whole requests with pieces cut out, doubled and overwritten, from a seed.
import { many, raw } from '../send.mjs';

const WIDTH = 16;

/** Small, fast, seeded: mulberry32 by Tommy Ettinger, in the public domain. @returns numbers in [0, 1) */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {number} seed @param {number} count @returns {import('../main.mjs').Attack} */
export function generated(seed, count) {
  return {
    name: `${count} broken requests (seed ${seed})`,
    inShort: true,
    run: async ({ url, picture, key }) => {
      const random = seeded(seed);
      const requests = Array.from({ length: count }, () => broken(random, pick(random, originals(picture, key))));
      return (await many(count, WIDTH, (i) => raw(url, requests[i], { readMs: 250 }))).flat();
    },
  };
}

function originals(picture, key) {
  const base64 = picture.toString('base64');
  const form = Buffer.concat([
    Buffer.from(
      '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n',
    ),
    picture,
    Buffer.from('\r\n--b--\r\n'),
  ]);
  const policy = { variants: [{ name: 'stable', alias: 'champion', weight: 100 }] };
  return [
    post('/v1/predict', 'image/png', picture),
    post('/v1/predict?top_k=3', 'application/json', JSON.stringify({ image: base64 })),
    post(
      '/v1/predict',
      'application/json',
      JSON.stringify({ inputs: { input: { shape: [1, 2], datatype: 'FP32', data: [1, 2] } } }),
    ),
    post(
      '/v1/predict/batch',
      'application/json',
      JSON.stringify({ items: [{ image: base64 }, { image: 'AAAA' }, { url: 'http://example.com/a.png' }] }),
    ),
    post('/v1/predict', 'multipart/form-data; boundary=b', form),
    post(
      '/v1/models/resnet-cifar10/policy',
      'application/json',
      JSON.stringify(policy),
      'PUT',
      `Authorization: Bearer ${key}\r\n`,
    ),
    Buffer.from('GET /v1/models/resnet-cifar10/events?limit=5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
  ];
}

function post(path, type, body, method = 'POST', more = '') {
  const bytes = Buffer.from(body);
  const head = `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}Content-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** One to three changes, more often near the start, where what is read first stands. */
function broken(random, bytes) {
  let result = Buffer.from(bytes);
  for (let changes = 1 + Math.floor(random() * 3); changes > 0 && result.length > 1; changes--) {
    const from = Math.floor(random() ** 2 * result.length);
    const to = Math.min(result.length, from + 1 + Math.floor(random() ** 3 * 200));
    result = pick(random, [cut, double, overwrite, shout])(random, result, from, to);
  }
  return result;
}

const cut = (_, bytes, from, to) => Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
const double = (random, bytes, from, to) =>
  Buffer.concat([
    bytes.subarray(0, to),
    ...Array(1 + Math.floor(random() * 50)).fill(bytes.subarray(from, to)),
    bytes.subarray(to),
  ]);
const overwrite = (random, bytes, from, to) => {
  for (let at = from; at < to; at++) bytes[at] = Math.floor(random() * 256);
  return bytes;
};
const shout = (random, bytes, from, to) =>
  Buffer.concat([bytes.subarray(0, from), Buffer.from(pick(random, LOUD)), bytes.subarray(to)]);

const LOUD = [
  '{',
  '[',
  '"',
  '\\u0000',
  '\r\n',
  '\r\n\r\n',
  '-1',
  '1e999',
  'null',
  '%00',
  '../',
  '\0',
  'ÿ',
  '💥',
  '999999999999',
  '--b',
  '__proto__',
];

function pick(random, list) {
  return list[Math.floor(random() * list.length)];
}
