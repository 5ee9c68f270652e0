// Somebody who has nothing to do with it, in a thread of its own so that what the attack costs this process does not
// count: asks for /health/live and for a prediction, over and over, and says how long the answers took.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const PAUSE_MS = 50;
const TIMEOUT_MS = 60_000;

/** The client, seen from the main thread. */
export class Innocent {
  #worker;

  /** @param {string} url of the server @param {Buffer} picture */
  constructor(url, picture) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { url, picture } });
  }

  /** What has been seen since the last time: the slowest /health/live in ms, and how predictions ended. */
  report() {
    const answer = new Promise((resolve) => this.#worker.once('message', resolve));
    this.#worker.postMessage('report');
    return answer;
  }

  stop() {
    return this.#worker.terminate();
  }
}

const nothing = () => ({ liveMs: 0, liveFailures: [], statuses: {}, predictMs: [] });

if (!isMainThread) {
  const { url, picture } = workerData;
  let seen = nothing();
  parentPort.on('message', () => {
    parentPort.postMessage(seen);
    seen = nothing();
  });
  void forever(async () => {
    const into = seen;
    const { status, ms } = await ask(`${url}/health/live`, { method: 'GET' });
    into.liveMs = Math.max(into.liveMs, ms);
    if (status !== 200) into.liveFailures.push(status);
  });
  void forever(async () => {
    const into = seen;
    const headers = { 'Content-Type': 'image/png', 'Content-Length': picture.length, 'Cache-Control': 'no-store' };
    const { status, ms } = await ask(`${url}/v1/predict`, { method: 'POST', headers }, picture);
    into.statuses[status] = (into.statuses[status] ?? 0) + 1;
    if (status === 200) into.predictMs.push(ms);
  });
}

async function forever(step) {
  for (;;) {
    await step();
    await sleep(PAUSE_MS);
  }
}

/** @returns the status, or the code of what went wrong in its place */
function ask(url, options, body) {
  const started = performance.now();
  return new Promise((resolve) => {
    const end = (status) => resolve({ status, ms: performance.now() - started });
    const request = http.request(url, { ...options, agent: false, timeout: TIMEOUT_MS }, (response) => {
      const retryable = response.headers['retry-after'] !== undefined;
      response.resume();
      response.on('error', ({ code }) => end(code));
      // Being told to come back is an answer; 503 without a word of when is not.
      response.on('end', () =>
        end(response.statusCode === 503 && !retryable ? '503 without Retry-After' : response.statusCode),
      );
    });
    request.on('timeout', () => request.destroy(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })));
    request.on('error', ({ code }) => end(code));
    request.end(body);
  });
}
