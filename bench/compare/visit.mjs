import { setTimeout as sleep } from 'node:timers/promises';
import { closedLoop } from '../load/closed-loop.mjs';
import { openLoop } from '../load/open-loop.mjs';
import { processTree, TreeMeter } from '../measure/process-tree.mjs';

/** Uploads that are given up with the last row are answered by then. */
const SETTLE_MS = 500;

/**
 * Starts a side, lets `measure` work with it, and stops it.
 * @template T
 * @param {import('./sides.mjs').Side} side
 * @param {import('./sides.mjs').Subject} subject
 * @param {(server: object) => Promise<T>} measure
 * @returns {Promise<T>}
 */
export async function visit(side, subject, measure) {
  const server = await side.start(subject);
  try {
    return await measure(server);
  } finally {
    await server.stop();
  }
}

/** One row: the load, and what the side used meanwhile. */
export async function measureRow(side, server, { image, connections, rate }, { warmUpSeconds, seconds }) {
  const meter = new TreeMeter(server.pid);
  let use;
  const load = {
    url: server.url,
    upload: side.upload(image),
    warmUpSeconds,
    seconds,
    onStart: () => meter.start(),
    onEnd: () => (use = meter.stop()),
  };
  const result = await (rate === undefined ? closedLoop({ ...load, connections }) : openLoop({ ...load, rate }));
  await sleep(SETTLE_MS);
  return { ...result, cpus: use?.cpus ?? null, rssBytes: use?.peakRssBytes ?? null };
}

export function memoryOf(server) {
  return processTree(server.pid)?.rssBytes ?? null;
}
