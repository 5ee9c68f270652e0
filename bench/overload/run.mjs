import { setTimeout as sleep } from 'node:timers/promises';
import { input } from '../inputs/photo.mjs';
import { formUpload } from '../inputs/upload.mjs';
import { closedLoop } from '../load/closed-loop.mjs';
import { machine } from '../measure/machine.mjs';
import { processTree, TreeMeter } from '../measure/process-tree.mjs';
import { latencies, percentile } from '../measure/statistics.mjs';
import { registryWith } from '../models/registry.mjs';
import { EyrieServer } from '../../scripts/eyrie-server.mjs';
import { measureAndPrint } from '../temporary-folder.mjs';
import { Arrivals } from '../load/arrivals.mjs';
import { startProbe } from './probe.mjs';
import { printOverload } from './report.mjs';

/** Enough to keep every worker busy with full batches. */
const PEAK_CONNECTIONS = 64;
const WARM_UP_SECONDS = 3;
/** How long the queue may take to empty afterwards, beside the time that a request may take. */
const RECOVERY_MS = 5_000;

/** @returns exit code: 0 when it could be measured, whatever came out */
export function benchOverload(options) {
  const how = { json: options.json, print: printOverload };
  return measureAndPrint('overload', how, (folder) => measure(options, folder));
}

async function measure(options, folder) {
  const { model, factor, seconds, timeoutMs, port } = options;
  const progress = (line) => console.error(line);
  const registry = registryWith(model, folder, options.registry);
  const image = await input(options.input);
  // Every image is to be computed: with the cache, the second upload of a connection would be answered from there.
  const env = { REQUEST_TIMEOUT_MS: String(timeoutMs), CACHE_MAX_BYTES: '0' };
  const about = machine();
  const server = await EyrieServer.start({ registry, model, port, env });
  try {
    const subject = { server, model, upload: formUpload(image), url: `${server.url}/v1/predict` };
    progress('before: one connection, then the peak');
    const before = await calm(subject, options);
    const rate = Math.round(before.peak * factor);
    progress(`overload: ${rate} uploads per second for ${seconds} s`);
    const overload = await overloaded(subject, rate, options);
    progress('afterwards');
    const recoveredMs = await untilEmpty(server, model, timeoutMs + RECOVERY_MS);
    const after = { ...(await calm(subject, options)), recoveredMs };
    return {
      machine: about,
      options: { ...options, registry: undefined },
      image: image.title,
      before,
      overload,
      after,
    };
  } finally {
    await server.stop();
  }
}

/** One connection, all connections, and what the server takes then. */
async function calm({ server, model, upload, url }, { peakSeconds }) {
  const load = { url, upload, warmUpSeconds: WARM_UP_SECONDS, seconds: peakSeconds };
  const single = await closedLoop({ ...load, connections: 1, seconds: Math.min(5, peakSeconds) });
  const peak = await closedLoop({ ...load, connections: PEAK_CONNECTIONS });
  const { restarts } = await counts(server, model);
  return {
    singleP50: single.latencyMs.p50,
    peak: peak.requestsPerSecond,
    errors: peak.errors + single.errors,
    rssBytes: processTree(server.pid)?.rssBytes ?? null,
    workerRestarts: restarts,
    ready: (await fetch(`${server.url}/health/ready`)).status,
  };
}

async function overloaded({ server, model, upload, url }, rate, { seconds }) {
  const arrivals = new Arrivals({ url, upload, rate });
  await arrivals.start();
  await sleep(WARM_UP_SECONDS * 1000);
  const outcomesBefore = (await counts(server, model)).outcomes;
  const stopProbe = startProbe(server.url);
  const meter = new TreeMeter(server.pid);
  meter.start();
  const own = process.cpuUsage();
  const began = performance.now();
  arrivals.begin();
  await sleep(seconds * 1000);
  arrivals.end();
  const measured = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(own);
  const use = meter.stop();
  const probes = await stopProbe();
  const outcomesAfter = (await counts(server, model)).outcomes;
  await arrivals.stop();

  const accepted = arrivals.answers.filter(({ status }) => status === 200);
  const refused = arrivals.answers.filter(({ status }) => status === 503);
  const retryAfter = refused.map((answer) => answer.retryAfter);
  return {
    sentPerSecond: arrivals.sent / measured,
    connections: arrivals.connections,
    goodput: accepted.length / measured,
    acceptedMs: { ...latencies(accepted.map(({ ms }) => ms)), max: percentile(accepted.map(({ ms }) => ms), 100) }, // prettier-ignore
    refusedPerSecond: refused.length / measured,
    refusedMs: { ...latencies(refused.map(({ ms }) => ms)), max: percentile(refused.map(({ ms }) => ms), 100) }, // prettier-ignore
    retryAfter: { least: percentile(retryAfter, 0), most: percentile(retryAfter, 100), missing: retryAfter.filter((s) => !(s >= 1)).length }, // prettier-ignore
    otherAnswers: arrivals.answers.length - accepted.length - refused.length,
    broken: arrivals.broken,
    outcomes: difference(outcomesAfter, outcomesBefore),
    probes,
    serverCpus: use?.cpus ?? null,
    serverRssBytes: use?.peakRssBytes ?? null,
    loadGeneratorCpus: (user + system) / 1e6 / measured,
  };
}

/** What the server itself has counted. */
async function counts(server, model) {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.includes(`model="${model}"`));
  const valueOf = (line) => Number(line.slice(line.lastIndexOf(' ')));
  const sum = (name) => lines.filter((line) => line.startsWith(`${name}{`)).reduce((all, line) => all + valueOf(line), 0); // prettier-ignore
  const outcomes = {};
  for (const line of lines.filter((each) => each.startsWith('predictions_total{'))) {
    const [, outcome] = /outcome="([^"]*)"/.exec(line);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + valueOf(line);
  }
  return { outcomes, waiting: sum('inference_queue_depth'), restarts: sum('inference_worker_restarts_total') };
}

function difference(after, before) {
  return Object.fromEntries(Object.entries(after).map(([key, value]) => [key, value - (before[key] ?? 0)]));
}

/** How long it took until nothing waited any more. @throws Error after `timeoutMs` */
async function untilEmpty(server, model, timeoutMs) {
  const began = performance.now();
  while ((await counts(server, model)).waiting > 0) {
    if (performance.now() - began > timeoutMs) throw new Error(`the queue was not empty ${timeoutMs} ms afterwards`);
    await sleep(50);
  }
  return performance.now() - began;
}
