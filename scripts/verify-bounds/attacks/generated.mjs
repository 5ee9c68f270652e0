// What nobody has thought of: whole requests with pieces cut out, doubled and overwritten, from a seed.
import { Random } from '../../fuzz/random.mjs';
import { many, raw } from '../send.mjs';

const WIDTH = 16;

/** @param {number} seed @param {number} count @returns {import('../main.mjs').Attack} */
export function generated(seed, count) {
  return {
    name: `${count} broken requests (seed ${seed})`,
    inShort: true,
    run: async ({ url, picture, key }) => {
      const random = new Random(seed);
      const requests = Array.from({ length: count }, () => broken(random, random.of(originals(picture, key))));
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
  for (let changes = 1 + random.below(3); changes > 0 && result.length > 1; changes--) {
    const from = Math.floor(random.next() ** 2 * result.length);
    const to = Math.min(result.length, from + 1 + Math.floor(random.next() ** 3 * 200));
    result = random.of([cut, double, overwrite, shout])(random, result, from, to);
  }
  return result;
}

const cut = (_, bytes, from, to) => Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
const double = (random, bytes, from, to) =>
  Buffer.concat([
    bytes.subarray(0, to),
    ...Array(1 + random.below(50)).fill(bytes.subarray(from, to)),
    bytes.subarray(to),
  ]);
const overwrite = (random, bytes, from, to) => {
  for (let at = from; at < to; at++) bytes[at] = random.below(256);
  return bytes;
};
const shout = (random, bytes, from, to) =>
  Buffer.concat([bytes.subarray(0, from), Buffer.from(random.of(LOUD)), bytes.subarray(to)]);

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
