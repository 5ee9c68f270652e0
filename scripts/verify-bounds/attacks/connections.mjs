// Many connections, held ones, and many requests on one.
import { HeldConnections, many, raw, send } from '../send.mjs';
import { setTimeout as sleep } from 'node:timers/promises';

const MIB = 2 ** 20;
const PIPELINED = 4000;
const ask = (path) => `GET ${path} HTTP/1.1\r\nHost: eyrie\r\n\r\n`;
const documents = [
  '/openapi.yaml',
  '/openapi.json',
  '/metrics',
  '/docs/',
  '/console/',
  '/console/uplot.js',
  '/v1/models',
  '/v1/stats',
  '/v2/models/stats',
  '/health/ready',
  '/nowhere',
];

/** @type {import('../main.mjs').Attack[]} */
export const connectionAttacks = [
  ...documents.map((path) => ({
    name: `one connection, ${PIPELINED} × GET ${path}, answers not read`,
    isBurst: true,
    inShort: path === '/openapi.yaml' || path === '/metrics',
    run: ({ url }) => raw(url, ask(path).repeat(PIPELINED), { holdMs: 3000 }),
  })),
  {
    name: 'sixteen connections that do so at once',
    isBurst: true,
    run: async ({ url }) =>
      (await many(16, 16, () => raw(url, ask('/openapi.yaml').repeat(1000), { holdMs: 2000 }))).flat(),
  },
  {
    name: 'sixteen clients of /openapi.yaml',
    run: ({ url }) => many(400, 16, () => send(`${url}/openapi.yaml`, { method: 'GET' })),
  },
  ...[
    ['image', '/v1/predict', 'image/png', '\x89PNG\r\n\x1a\n', 4],
    [
      'form',
      '/v1/predict/batch',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n',
      4,
    ],
    ['JSON', '/v1/predict/batch', 'application/json', '{"items":[{"image":"', 4],
  ].map(([what, path, type, head, mib]) => ({
    name: `300 uploads of ${mib} MiB held open, ${what}`,
    inShort: what === 'image',
    run: (target) => uploads(target, { path, type, head, bytes: mib * MIB, count: 300 }),
  })),
  {
    name: '2,000 connections that say nothing',
    isBurst: true,
    inShort: true,
    run: ({ url }) => hold(async (held) => void (await many(2000, 100, () => held.open(url, '')))),
  },
  {
    name: '1,000 requests that never end their headers',
    isBurst: true,
    run: ({ url }) =>
      hold(async (held) => void (await many(1000, 100, () => held.open(url, 'GET / HTTP/1.1\r\nHost: x\r\nX-A: ')))),
  },
  {
    name: 'a chunk of one byte, 200,000 times',
    inShort: true,
    run: ({ url }) =>
      raw(
        url,
        `POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nA\r\n'.repeat(200_000)}`,
      ),
  },
  {
    name: 'a chunk extension without end',
    run: ({ url }) =>
      raw(
        url,
        `POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(8 * MIB)}`,
      ),
  },
  {
    name: 'headers without end',
    run: ({ url }) => raw(url, `GET / HTTP/1.1\r\nHost: x\r\n${'X-A: b\r\n'.repeat(500_000)}`),
  },
];

/** Each sends all but the last kilobyte of a body, and waits. */
function uploads({ url }, { path, type, head, bytes, count }) {
  const start = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${bytes}\r\n\r\n${head}`;
  const body = Buffer.concat([Buffer.from(start, 'latin1'), Buffer.alloc(bytes - head.length - 1024, 'A')]);
  return hold((held) => many(count, 32, () => Promise.race([held.open(url, body), sleep(2000)])));
}

async function hold(open) {
  const held = new HeldConnections();
  await open(held);
  await sleep(1500);
  held.closeAll();
  return [];
}
