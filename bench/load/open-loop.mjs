// Latency: uploads arrive at a fixed rate, whether earlier ones have been answered or not, as they do from users who do not
// know of each other. A closed loop would send less to a server that stalls, and so measure the stall once instead of for
// everybody whom it hits ("coordinated omission", https://www.infoq.com/presentations/latency-response-time/).
import autocannon from 'autocannon';
import { setTimeout as sleep } from 'node:timers/promises';
import { latencies } from '../measure/statistics.mjs';
import { Counted, serialBodies } from './closed-loop.mjs';

const TIMEOUT_SECONDS = 60;
/** A connection's own rate; what makes the arrivals even is that connections start one after the other. */
const PERIOD_MS = 1000;
const MOST_STARTS = 100;

/**
 * autocannon's own rate control sends each second's uploads in a burst, and its correction takes the period for
 * milliseconds where it has seconds. So each connection sends one upload a second, and they are spread over the second.
 *
 * @param {object} load as for `closedLoop`, but with
 * @param {number} load.rate uploads per second, in place of connections
 */
export async function openLoop({ url, upload, rate, warmUpSeconds, seconds, onStart, onEnd }) {
  const uploads = Math.max(1, Math.round(rate));
  const starts = Math.min(uploads, MOST_STARTS);
  const waiting = new Map();
  const giveBody = serialBodies(upload);
  const setupClient = (client) => {
    giveBody(client);
    client.on('request', () => waiting.set(client, performance.now()));
    client.on('response', () => waiting.delete(client));
  };
  const counted = new Counted();
  const runs = [];
  const begin = performance.now();
  for (let i = 0; i < starts; i++) {
    await sleep(Math.max(0, begin + (i * PERIOD_MS) / starts - performance.now()));
    const run = autocannon({
      url,
      method: 'POST',
      headers: upload.headers,
      connections: Math.floor(uploads / starts) + (i < uploads % starts ? 1 : 0),
      connectionRate: 1,
      ignoreCoordinatedOmission: true,
      duration: warmUpSeconds + seconds + TIMEOUT_SECONDS,
      timeout: TIMEOUT_SECONDS,
      sampleInt: 100,
      setupClient,
    });
    counted.add(run);
    runs.push(run);
  }
  await sleep(warmUpSeconds * 1000);
  await onStart?.();
  counted.begin();
  const startedAt = performance.now();
  await sleep(seconds * 1000);
  const measured = (performance.now() - startedAt) / 1000;
  counted.end();
  // What has had no answer for so long counts with the time so far, or a server that stopped would look well.
  const stalled = [...waiting.values()].map((sentAt) => performance.now() - sentAt).filter((ms) => ms > PERIOD_MS);
  await onEnd?.();
  for (const run of runs) run.stop();
  await Promise.all(runs);
  const times = withOmitted([...counted.times, ...stalled]);
  return {
    arrivalsPerSecond: uploads,
    requestsPerSecond: counted.times.length / measured,
    latencyMs: latencies(times),
    answers: counted.times.length,
    errors: counted.errors,
  };
}

/**
 * A connection that waits for longer than its period misses its next turns. They are added with what they would have had
 * to wait, as HdrHistogram's `recordValueWithExpectedInterval` does.
 */
function withOmitted(times) {
  const all = [...times];
  for (const ms of times) {
    for (let missed = ms - PERIOD_MS; missed >= PERIOD_MS; missed -= PERIOD_MS) all.push(missed);
  }
  return all;
}
