// So many uploads in a given order, shared among connections: each sends the next one as soon as it has its answer.
import { Agent, request } from 'node:http';

const TIMEOUT_MS = 60_000;

/**
 * @param {object} load
 * @param {string} load.url
 * @param {(index: number) => { type: string, bytes: Buffer }} load.image the body of each upload
 * @param {number} load.from index of the first @param {number} load.to index behind the last
 * @param {number} load.connections
 * @returns {Promise<{ seconds: number, errors: number }>}
 */
export async function sequence({ url, image, from, to, connections }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const started = performance.now();
  let next = from;
  let errors = 0;
  const connection = async () => {
    while (next < to) if ((await send(url, agent, image(next++))) !== 200) errors++;
  };
  await Promise.all(Array.from({ length: connections }, connection));
  agent.destroy();
  return { seconds: (performance.now() - started) / 1000, errors };
}

/** @returns the status; 0 without an answer */
function send(url, agent, { type, bytes }) {
  return new Promise((resolve) => {
    const headers = { 'content-type': type, 'content-length': bytes.length };
    const sent = request(url, { method: 'POST', agent, headers, timeout: TIMEOUT_MS }, (answer) => {
      answer.resume().once('close', () => resolve(answer.complete ? answer.statusCode : 0));
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve(0));
    sent.end(bytes);
  });
}
