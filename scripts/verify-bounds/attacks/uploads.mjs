// Versions that are none, and many at once. Who sends them has an admin key, and must not stop the server by mistake either.
import { setTimeout as sleep } from 'node:timers/promises';
import { HeldConnections, many, send } from '../send.mjs';

const MIB = 2 ** 20;
const ROUTE = '/v1/models/uploaded/versions';
const FORM = 'multipart/form-data; boundary=b';
const END = '--b--\r\n';

const part = (field, file, body) =>
  `--b\r\nContent-Disposition: form-data; name="${field}"${file ? `; filename="${file}"` : ''}\r\n\r\n${body}\r\n`;
const model = (bytes) => part('file', 'model.onnx', '\0'.repeat(bytes));

const UPLOADS = {
  'zeros for a model': () => model(100 * MIB) + END,
  '100,000 fields': () => part('labels', '', '1').repeat(100_000) + END,
  '100,000 files': () => Array.from({ length: 100_000 }, (_, i) => part('data', `f${i}`, '1')).join('') + END,
  'a field of 50 MiB': () => part('labels', '', 'x'.repeat(50 * MIB)) + END,
  'a part whose headers never end': () => `--b\r\n${'X-A: b\r\n'.repeat(1_000_000)}`,
  '50 MiB without a boundary': () => 'x'.repeat(50 * MIB),
  'labels of 60 MiB': () => model(1) + part('labels', 'labels.txt', 'a\n'.repeat(30 * MIB)) + END,
  'files that want to lie elsewhere': () => part('file', '../../model.onnx', 'x') + part('data', '..', 'x') + END,
};

/** @type {import('../main.mjs').Attack[]} */
export const uploadAttacks = [
  ...Object.entries(UPLOADS).map(([name, make]) => ({
    name: `uploads: ${name}`,
    inShort: /fields|files$/.test(name),
    run: async (target) => [await upload(target, make())],
  })),
  {
    name: 'uploads: twenty at once',
    run: (target) => many(20, 20, () => upload(target, model(5 * MIB) + END)),
  },
  {
    name: 'uploads: fifty that stop in the middle',
    run: async (target) => {
      const held = new HeldConnections();
      const head = `POST ${ROUTE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${target.key}\r\nContent-Type: ${FORM}\r\n`;
      await many(50, 50, () => held.open(target.url, `${head}Content-Length: 10000000\r\n\r\n${model(100_000)}`));
      await sleep(1500);
      held.closeAll();
      await sleep(500);
      // None of them may hold the place of one that comes.
      return [await upload(target, model(1) + END)].map((status) => (status === 503 ? 'still full' : status));
    },
  },
];

function upload({ url, key }, body) {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': FORM, 'Content-Length': Buffer.byteLength(body) };
  return send(url + ROUTE, { headers, body });
}
