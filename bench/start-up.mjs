import { setTimeout as sleep } from 'node:timers/promises';
import { processTree } from './measure/process-tree.mjs';
import { median } from './measure/statistics.mjs';
import { EyrieServer } from '../scripts/eyrie-server.mjs';

const STARTS = 3;
/** What the start has used and no longer needs is given back by then. */
const SETTLE_MS = 500;

/**
 * From the start of the process until `/health/ready` says 200, what of it takes how long, and the memory that it then has; medians.
 * `loadMs` is from the first look at the version's files until it is READY: a checksum of the model, a worker's process, its
 * session (`sessionMs`), runs to warm up (`warmUpMs`), and golden images where the version has some.
 */
export async function benchStartUp({ name, registry }, { port }, progress) {
  progress(`${name}: start-up`);
  const times = { listeningMs: [], loadMs: [], sessionMs: [], warmUpMs: [], readyMs: [] };
  const rssBytes = [];
  for (let i = 0; i < STARTS; i++) {
    const server = await EyrieServer.start({ registry, model: name, port });
    try {
      const info = await server.info(name);
      const { listeningMs, readyMs } = server;
      const loading = { loadMs: info.load_seconds * 1000, sessionMs: info.session_ms, warmUpMs: info.warm_up_ms };
      for (const [part, ms] of Object.entries({ listeningMs, readyMs, ...loading })) times[part].push(ms);
      await sleep(SETTLE_MS);
      const tree = processTree(server.pid);
      if (tree) rssBytes.push(tree.rssBytes);
    } finally {
      await server.stop();
    }
  }
  const medians = Object.fromEntries(Object.entries(times).map(([part, all]) => [part, median(all)]));
  return { model: name, starts: STARTS, ...medians, rssBytes: median(rssBytes) };
}
