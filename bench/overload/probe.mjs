// Asks /health and /metrics as Kubernetes and Prometheus would, on a thread of its own: the load generator's is busy.
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { percentile } from '../measure/statistics.mjs';

const PATHS = ['/health', '/health/live', '/metrics'];
const PAUSE_MS = 100;

/** Begins to ask; what it gives ends that and tells how it went, by path. @param {string} url of the server */
export function startProbe(url) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { url } });
  return async () => {
    const done = new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    worker.postMessage('stop');
    return done;
  };
}

async function probe(url) {
  const times = Object.fromEntries(PATHS.map((path) => [path, []]));
  const failed = Object.fromEntries(PATHS.map((path) => [path, 0]));
  let stopped = false;
  parentPort.once('message', () => (stopped = true));
  while (!stopped) {
    for (const path of PATHS) {
      const started = performance.now();
      try {
        const answer = await fetch(url + path);
        await answer.arrayBuffer();
        if (!answer.ok) failed[path]++;
      } catch {
        failed[path]++;
      }
      times[path].push(performance.now() - started);
    }
    await sleep(PAUSE_MS);
  }
  const rows = PATHS.map((path) => ({
    path,
    asked: times[path].length,
    failed: failed[path],
    p50: percentile(times[path], 50),
    p99: percentile(times[path], 99),
    max: percentile(times[path], 100),
  }));
  parentPort.postMessage(rows);
}

if (!isMainThread && parentPort) await probe(workerData.url);
