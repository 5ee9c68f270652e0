import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aloneMs, bestSetting, describeSetting, throughputOf } from './ceiling/ceiling.mjs';
import { input } from './inputs/photo.mjs';
import { formUpload } from './inputs/upload.mjs';
import { closedLoop } from './load/closed-loop.mjs';
import { openLoop } from './load/open-loop.mjs';
import { TreeMeter } from './measure/process-tree.mjs';
import { RESNETS } from './models/resnet.mjs';
import { EyrieServer } from '../scripts/eyrie-server.mjs';

/** Inputs that are not the model's main one are sent over so many connections. */
const OTHER_INPUTS_AT = 10;
/** Share of the peak at which uploads arrive in the open loop: busy, but not beyond what can be answered. */
const OPEN_LOOP_LOAD = 0.7;
const PROFILER = fileURLToPath(new URL('./profile.cjs', import.meta.url));
const NO_CACHE = { CACHE_MAX_BYTES: '0' };

/** The first is the main one: it is sent over every number of connections. */
function inputsOf(name, { inputs }) {
  return inputs ?? (RESNETS.includes(name) ? ['jpeg', 'png', 'large'] : ['small', 'jpeg']);
}

/**
 * Ceiling, server, ceiling again.
 * @param {{ name: string, registry: string }} subject
 * @throws Error when the model does not load
 */
export async function benchModel(subject, options, progress) {
  const { name, registry } = subject;
  if (!existsSync(join(registry, name))) throw new Error(`there is no model "${name}" in ${registry}`);
  const { spec, version, runtime } = await describe(subject, options);
  const [main, ...others] = await Promise.all(inputsOf(name, options).map(input));

  const time = { warmUpSeconds: 0.5, seconds: Math.min(2, options.seconds) };
  progress(`${name}: ceiling with ${main.title}`);
  const best = await bestSetting({ spec, image: main }, time);
  const alone = await aloneMs({ spec, image: main }, runtime.threads, time.seconds);
  const { setting, all: settings, cpuMs } = best;
  const ceilings = [{ input: main.title, setting, settings, before: best.imagesPerSecond, cpuMs, aloneMs: alone }];
  for (const image of others) {
    progress(`${name}: ceiling with ${image.title}`);
    const { imagesPerSecond: before, cpuMs: cpu } = await throughputOf({ spec, image }, setting, time);
    ceilings.push({ input: image.title, setting, before, cpuMs: cpu });
  }

  const rows = await measureServer(subject, options, main, others, progress);

  for (const [i, image] of [main, ...others].entries()) {
    ceilings[i].after = (await throughputOf({ spec, image }, setting, time)).imagesPerSecond;
    ceilings[i].imagesPerSecond = (ceilings[i].before + ceilings[i].after) / 2;
    ceilings[i].described = describeSetting(setting);
  }
  for (const row of rows) addRatios(row, ceilings.find((ceiling) => ceiling.input === row.input)); // prettier-ignore
  return { model: name, version, runtime, ceilings, rows };
}

/** What the worker is told of the model, as the server has understood it. */
async function describe({ name, registry }, { port }) {
  const server = await EyrieServer.start({ registry, model: name, port, env: NO_CACHE });
  try {
    const { version, manifest, labels, runtime } = await server.info(name);
    const modelPath = join(registry, name, String(version), manifest.artifact.file);
    return {
      version,
      runtime,
      spec: { modelPath, sha256: manifest.artifact.sha256, input: manifest.input, output: manifest.output, labels },
    };
  } finally {
    await server.stop();
  }
}

async function measureServer({ name, registry }, options, main, others, progress) {
  const { port, profile, connections, seconds, warmUpSeconds } = options;
  const profiling = profile && { NODE_OPTIONS: `--require=${PROFILER}`, EYRIE_PROFILE: resolve(profile) };
  const server = await EyrieServer.start({ registry, model: name, port, env: { ...NO_CACHE, ...profiling } });
  try {
    const time = { warmUpSeconds, seconds };
    const url = `${server.url}/v1/predict`;
    const rows = [];
    const measure = async (image, title, load) => {
      progress(`${name}: ${image.title}, ${title}`);
      rows.push({ input: image.title, load: title, ...(await measured(server, name, load)) });
    };
    for (const count of connections) {
      await measure(main, titleOf(count), (on) =>
        closedLoop({ url, upload: formUpload(main), connections: count, ...time, ...on }),
      );
    }
    const rate = Math.max(1, OPEN_LOOP_LOAD * Math.max(...rows.map(({ requestsPerSecond }) => requestsPerSecond)));
    await measure(main, 'open loop', (on) => openLoop({ url, upload: formUpload(main), rate, ...time, ...on }));
    for (const image of others) {
      const load = (on) => closedLoop({ url, upload: formUpload(image), connections: OTHER_INPUTS_AT, ...time, ...on });
      await measure(image, titleOf(OTHER_INPUTS_AT), load);
    }
    return rows;
  } finally {
    await server.stop();
  }
}

const titleOf = (connections) => `${connections} connection${connections === 1 ? '' : 's'}`;

/** Adds to what the load gives what the server used meanwhile. */
async function measured(server, model, load) {
  const meter = new TreeMeter(server.pid);
  let before;
  let after;
  let use;
  const own = { cpu: 0 };
  const result = await load({
    onStart: async () => {
      before = await server.batches(model);
      own.start = process.cpuUsage();
      own.at = performance.now();
      meter.start();
    },
    onEnd: async () => {
      use = meter.stop();
      const { user, system } = process.cpuUsage(own.start);
      own.cpu = (user + system) / 1000 / (performance.now() - own.at);
      after = await server.batches(model);
    },
  });
  const batches = after.batches - before.batches;
  return {
    ...result,
    cpus: use?.cpus ?? null,
    cpuMs: use && result.requestsPerSecond > 0 ? (use.cpus * 1000) / result.requestsPerSecond : null,
    rssBytes: use?.peakRssBytes ?? null,
    meanBatch: batches > 0 ? (after.images - before.images) / batches : null,
    loadGeneratorCpus: own.cpu,
  };
}

function addRatios(row, ceiling) {
  // In the open loop the rate is chosen, not reached.
  if (row.arrivalsPerSecond === undefined) row.ofCeiling = row.requestsPerSecond / ceiling.imagesPerSecond;
  if (row.connections === 1 && ceiling.aloneMs) row.p50OfAlone = row.latencyMs.p50 / ceiling.aloneMs;
}
