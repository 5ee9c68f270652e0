import { setTimeout as sleep } from 'node:timers/promises';
import { processTree } from './measure/process-tree.mjs';
import { median } from './measure/statistics.mjs';
import { EyrieServer } from './server/eyrie.mjs';

const STARTS = 3;
/** What the start has used and no longer needs is given back by then. */
const SETTLE_MS = 500;

/** From the start of the process until `/health/ready` says 200, and the memory that it then has; medians. */
export async function benchStartUp({ name, registry }, { port }, progress) {
  progress(`${name}: start-up`);
  const readyMs = [];
  const rssBytes = [];
  for (let i = 0; i < STARTS; i++) {
    const server = await EyrieServer.start({ registry, model: name, port });
    try {
      readyMs.push(server.readyMs);
      await sleep(SETTLE_MS);
      const tree = processTree(server.pid);
      if (tree) rssBytes.push(tree.rssBytes);
    } finally {
      await server.stop();
    }
  }
  return { model: name, starts: STARTS, readyMs: median(readyMs), rssBytes: median(rssBytes) };
}
