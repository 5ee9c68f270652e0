// Images by URL, at hosts that take their time.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { many, send, sendJson } from '../send.mjs';

const BATCHES = 8;
const ITEMS = 32;

/** A host that accepts and then says nothing. */
export async function hangingHost() {
  const server = http.createServer(() => undefined);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** @type {import('../main.mjs').Attack[]} */
export const urlAttacks = [
  {
    name: `${BATCHES} batches of URLs at a host that hangs`,
    inShort: true,
    run: ({ url, host }) =>
      many(BATCHES, BATCHES, (batch) => {
        const items = Array.from({ length: ITEMS }, (_, i) => ({ url: `http://${host}/${batch}/${i}` }));
        return sendJson(`${url}/v1/predict/batch`, JSON.stringify({ items }));
      }),
  },
  {
    name: '2,000 predictions whose clients leave at once',
    run: ({ url, picture }) =>
      many(2000, 64, async () => {
        const headers = { 'Content-Type': 'image/png', 'Content-Length': picture.length, 'Cache-Control': 'no-store' };
        await Promise.race([send(`${url}/v1/predict`, { headers, body: picture, timeoutMs: 5 }), sleep(20)]);
        return 'left';
      }),
  },
];
