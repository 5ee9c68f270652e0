import { setTimeout as sleep } from 'node:timers/promises';
import { sequence } from '../load/sequence.mjs';
import { machine } from '../measure/machine.mjs';
import { processTree, rssBytesOf, TreeMeter } from '../measure/process-tree.mjs';
import { median } from '../measure/statistics.mjs';
import { registryWith } from '../models/registry.mjs';
import { EyrieServer } from '../server/eyrie.mjs';
import { measureAndPrint } from '../temporary-folder.mjs';
import { pictures } from './pictures.mjs';
import { printMemory } from './report.mjs';

/** By then, every worker has seen every kind of picture. */
const WARM_UP_IMAGES = 1_000;
/** Without requests, before memory is looked at for the last time. */
const REST_MS = 10_000;
const NO_CACHE = { CACHE_MAX_BYTES: '0' };

/** @returns exit code: 0 when it could be measured, whatever came out */
export function benchMemory(options) {
  return measureAndPrint('memory', { json: options.json, print: printMemory }, (folder) => measureAll(options, folder));
}

async function measureAll(options, folder) {
  const { model, rounds, settings } = options;
  if (!processTree(process.pid)) throw new Error('there are no figures of memory without /proc');
  const about = machine();
  const registry = registryWith(model, folder, options.registry);
  const mix = await pictures();
  const runs = settings.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, setting] of settings.entries()) {
      console.error(`${setting.name}, round ${round + 1} of ${rounds}`);
      runs[i].push(await measure(setting, registry, mix, options));
    }
  }
  return { machine: about, options, results: settings.map(({ name }, i) => ({ name, ...medians(runs[i]) })) };
}

async function measure({ env }, registry, mix, { model, images, connections }) {
  const server = await EyrieServer.start({ registry, model, env: { ...NO_CACHE, ...env } });
  try {
    const load = { url: `${server.url}/v1/predict`, image: (i) => mix[i % mix.length], connections };
    const meter = new TreeMeter(server.pid);
    const first = await sequence({ ...load, from: 0, to: WARM_UP_IMAGES });
    const early = processTree(server.pid).rssBytes;
    meter.start();
    const second = await sequence({ ...load, from: WARM_UP_IMAGES, to: images });
    const { cpus, peakRssBytes } = meter.stop();
    const late = processTree(server.pid).rssBytes;
    const serverBytes = rssBytesOf(server.pid);
    await sleep(REST_MS);
    const sent = images - WARM_UP_IMAGES;
    return {
      requestsPerSecond: sent / second.seconds,
      cpuMs: (cpus * second.seconds * 1000) / sent,
      rssBytes: {
        early,
        late,
        peak: peakRssBytes,
        rested: processTree(server.pid).rssBytes,
        workers: late - serverBytes,
      },
      errors: first.errors + second.errors,
    };
  } finally {
    await server.stop();
  }
}

function medians(runs) {
  const of = (figure) => median(runs.map(figure));
  const kinds = Object.keys(runs[0].rssBytes);
  return {
    requestsPerSecond: of((run) => run.requestsPerSecond),
    cpuMs: of((run) => run.cpuMs),
    rssBytes: Object.fromEntries(kinds.map((kind) => [kind, of((run) => run.rssBytes[kind])])),
    errors: runs.reduce((sum, { errors }) => sum + errors, 0),
  };
}
