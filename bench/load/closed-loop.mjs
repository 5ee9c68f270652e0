// Throughput: every connection sends its next upload as soon as it has its answer.
import autocannon from 'autocannon';
import { setTimeout as sleep } from 'node:timers/promises';
import { latencies } from '../measure/statistics.mjs';

/** Slower than this is an error. */
const TIMEOUT_SECONDS = 60;

/**
 * @param {object} load
 * @param {string} load.url
 * @param {import('../inputs/upload.mjs').Upload} load.upload
 * @param {number} load.connections
 * @param {number} load.warmUpSeconds not measured
 * @param {number} load.seconds measured
 * @param {() => void | Promise<void>} [load.onStart] called when the measured time begins
 * @param {() => void | Promise<void>} [load.onEnd] called when it is over
 */
export async function closedLoop({ url, upload, connections, warmUpSeconds, seconds, onStart, onEnd }) {
  const run = autocannon({
    url,
    method: 'POST',
    headers: upload.headers,
    connections,
    // Stopped by hand; in case that fails.
    duration: warmUpSeconds + seconds + TIMEOUT_SECONDS,
    timeout: TIMEOUT_SECONDS,
    sampleInt: 100,
    setupClient: serialBodies(upload),
  });
  const counted = new Counted(run);
  await sleep(warmUpSeconds * 1000);
  await onStart?.();
  counted.begin();
  const startedAt = performance.now();
  await sleep(seconds * 1000);
  const measured = (performance.now() - startedAt) / 1000;
  counted.end();
  await onEnd?.();
  run.stop();
  await run;
  return {
    connections,
    requestsPerSecond: counted.times.length / measured,
    latencyMs: latencies(counted.times),
    answers: counted.times.length,
    errors: counted.errors,
  };
}

/** Gives each connection an upload of its own. */
export function serialBodies(upload) {
  let serial = 0;
  return (client) => client.setBody(upload.body(serial++));
}

/** Collects what autocannon reports, between `begin` and `end`. autocannon's own histogram has no 95th percentile. */
export class Counted {
  /** Milliseconds of each answer of status 200. */
  times = [];
  errors = 0;
  #open = false;

  constructor(...runs) {
    for (const run of runs) this.add(run);
  }

  add(run) {
    run.on('response', (_client, status, _bytes, ms) => {
      if (!this.#open) return;
      if (status === 200) this.times.push(ms);
      else this.errors++;
    });
    run.on('reqError', () => {
      if (this.#open) this.errors++;
    });
  }

  begin() {
    this.#open = true;
  }

  end() {
    this.#open = false;
  }
}
