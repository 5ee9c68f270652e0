// Latency: uploads arrive at a fixed rate, whether earlier ones have been answered or not, as they do from users who do not
// know of each other. A closed loop would send less to a server that stalls, and so measure the stall once instead of for
// everybody whom it hits ("coordinated omission", https://www.infoq.com/presentations/latency-response-time/).
import { setTimeout as sleep } from 'node:timers/promises';
import { latencies } from '../measure/statistics.mjs';
import { Arrivals } from './arrivals.mjs';

/**
 * @param {object} load as for `closedLoop`, but with
 * @param {number} load.rate uploads per second, in place of connections
 */
export async function openLoop({ url, upload, rate, warmUpSeconds, seconds, onStart, onEnd }) {
  const arrivals = new Arrivals({ url, upload, rate: Math.max(1, Math.round(rate)) });
  await arrivals.start();
  await sleep(warmUpSeconds * 1000);
  await onStart?.();
  arrivals.begin();
  const startedAt = performance.now();
  await sleep(seconds * 1000);
  const measured = (performance.now() - startedAt) / 1000;
  arrivals.end();
  // What has had no answer yet counts with the time so far, or a server that stopped would look well.
  const unanswered = arrivals.waitingMs();
  await onEnd?.();
  await arrivals.stop();
  const times = arrivals.answers.filter(({ status }) => status === 200).map(({ ms }) => ms);
  return {
    arrivalsPerSecond: arrivals.rate,
    requestsPerSecond: times.length / measured,
    latencyMs: latencies([...times, ...unanswered.filter((ms) => ms > Math.max(...times, 0))]),
    answers: times.length,
    errors: arrivals.answers.length - times.length + arrivals.broken,
  };
}
