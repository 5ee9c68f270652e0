// `npm run bench:registry`: what changes of the registry and of the traffic cost those who are being served.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { prepare, root } from '../scripts/prepare.mjs';

prepare();
const { default: autocannon } = await import('autocannon');
const { Counted, closedLoop, serialBodies } = await import('./load/closed-loop.mjs');
const { openLoop } = await import('./load/open-loop.mjs');
const { input } = await import('./inputs/photo.mjs');
const { formUpload } = await import('./inputs/upload.mjs');
const { processTree, rssBytesOf } = await import('./measure/process-tree.mjs');
const { median, percentile } = await import('./measure/statistics.mjs');
const { EyrieServer } = await import('./server/eyrie.mjs');

const MODEL = 'resnet-cifar10';
const KEY = 'a-key-for-this-run-alone';
const KEY_DIGEST = (await import('node:crypto')).createHash('sha256').update(KEY).digest('hex');
const ROUNDS = 3;
const MIB = 1024 * 1024;
const SETTLE_STEP_S = 8;
const SETTLE_AT_MOST_S = 80;
/** Growth within a step that is taken for none. */
const SETTLED = 1.01;

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '16' },
    changes: { type: 'string', default: '200' },
    cycles: { type: 'string', default: '50' },
    unloads: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '8' },
  },
});
const options = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)]));

choosing();
const folder = mkdtempSync(join(tmpdir(), 'eyrie-bench-registry-'));
cpSync(join(root, 'model-registry'), folder, { recursive: true });
const server = await EyrieServer.start({
  registry: folder,
  env: { ADMIN_API_KEYS: KEY_DIGEST, LOG_LEVEL: 'fatal', CACHE_MAX_BYTES: '0', REGISTRY_POLL_SECONDS: '5' },
});
const url = `${server.url}/v1/predict`;
const upload = formUpload(await input('small'));
try {
  // One version for the traffic, and two that come and go.
  await call('PUT', `/v1/models/${MODEL}/policy`, policy(50));
  await changes();
  await unloading();
  await shadowing();
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

function policy(weight, shadows = []) {
  const variants = [
    { name: 'a', version: 1, weight },
    { name: 'b', version: 1, weight: 100 - weight },
  ];
  return { aliases: {}, default: 1, variants, shadows };
}

/** The pure function alone, as the router calls it. */
function choosing() {
  const { chooseVariant } = createRequire(import.meta.url)('../dist/libs/routing/src/split.js');
  const { variants } = policy(90);
  const keys = Array.from({ length: 100_000 }, (_, i) => `user-${i}`);
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    const started = performance.now();
    for (const key of keys) chooseVariant(variants, MODEL, key);
    return ((performance.now() - started) * 1000) / keys.length;
  });
  console.log(`choosing one of two variants: ${median(rounds.slice(1)).toFixed(2)} µs`);
}

/** Constant load, at first at rest, then while policies change, then while a version is loaded and unloaded. */
async function changes() {
  const run = autocannon({
    url,
    method: 'POST',
    headers: upload.headers,
    connections: options.connections,
    duration: 3600,
    timeout: 60,
    setupClient: serialBodies(upload),
  });
  await settle();
  const rest = await during(run, () => sleep(options.seconds * 1000));
  const changed = await during(run, async () => {
    for (let i = 0; i < options.changes; i++) await call('PUT', `/v1/models/${MODEL}/policy`, policy(10 + (i % 80)));
  });
  let first;
  const cycled = await during(run, async () => {
    for (let i = 0; i < options.cycles; i++) {
      await cycle();
      if (i === 0) first = memory();
    }
  });
  await sleep(1_000);
  const last = memory();
  run.stop();
  await run;
  console.log(`under load of ${options.connections} connections:`);
  report('at rest', rest, rest);
  report(`${options.changes} policy changes`, changed, rest);
  report(`${options.cycles} times load and unload`, cycled, rest);
  console.log(
    `  memory of all processes: ${mib(first.all)} after the first cycle, ${mib(last.all)} at the end ` +
      `(× ${(last.all / first.all).toFixed(3)}); of it the process that answers HTTP: ${mib(first.server)} and ${mib(last.server)}`,
  );
}

/** A process under load grows until its heap has found its size: until then, growth says nothing about what is measured. */
async function settle() {
  let before = memory().all;
  for (let waited = 0; waited < SETTLE_AT_MOST_S; waited += SETTLE_STEP_S) {
    await sleep(SETTLE_STEP_S * 1000);
    const now = memory().all;
    if (now < before * SETTLED) return;
    before = now;
  }
}

/** Bytes; `server` without the workers. */
function memory() {
  return { all: processTree(server.pid).rssBytes, server: rssBytesOf(server.pid) };
}

async function during(run, work) {
  const counted = new Counted(run);
  counted.begin();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  counted.end();
  return { p99: percentile(counted.times, 99), errors: counted.errors, answers: counted.times.length, seconds };
}

function report(what, { p99, errors, answers, seconds }, rest) {
  const ratio = what === 'at rest' ? '' : ` (× ${(p99 / rest.p99).toFixed(2)})`;
  const rate = (answers / seconds).toFixed(0);
  console.log(`  ${what}: ${answers} answers, ${rate} req/s, ${errors} failed, p99 ${p99.toFixed(1)} ms${ratio}`);
}

/** No load: what the system gets back when a version is unloaded. */
async function unloading() {
  await cycle();
  await sleep(1_000);
  const before = processTree(server.pid).rssBytes;
  let worst = before;
  for (let i = 0; i < options.unloads; i++) {
    await cycle();
    await sleep(200);
    worst = Math.max(worst, processTree(server.pid).rssBytes);
  }
  console.log(
    `${options.unloads} times load and unload, without load: ${mib(before)} before, ${mib(worst)} at most after an unload ` +
      `(× ${(worst / before).toFixed(3)})`,
  );
}

async function cycle() {
  await call('POST', `/v1/models/${MODEL}/versions/2/load`);
  await call('POST', `/v1/models/${MODEL}/versions/2/unload`);
}

/** With and without a shadow of all requests, alternately: at half of what the server can do, and at all of it. */
async function shadowing() {
  const load = { url, upload, warmUpSeconds: 1, seconds: options.seconds / 2 };
  const full = (await closedLoop({ ...load, connections: options.connections })).requestsPerSecond;
  const half = await alternate(() => openLoop({ ...load, rate: Math.round(full / 2) }));
  const [bare, shadowed] = half.p99.map(median);
  console.log(
    `a shadow of all requests at half load (${(full / 2).toFixed(0)} req/s): all answered, ` +
      `p99 ${shadowed.toFixed(1)} ms against ${bare.toFixed(1)} ms without; ${half.sent} compared, ${half.dropped} dropped`,
  );
  const whole = await alternate(() => closedLoop({ ...load, connections: options.connections }));
  const [without, withOne] = whole.rates.map(median);
  console.log(
    `at full load (${options.connections} connections): ${withOne.toFixed(0)} req/s against ${without.toFixed(0)} without ` +
      `(× ${(withOne / without).toFixed(3)}); ${whole.sent} compared, ${whole.dropped} dropped`,
  );
}

/** @returns of the sides without and with a shadow, in this order, what each round gave */
async function alternate(run) {
  const before = await shadowSummary();
  const rates = [[], []];
  const p99 = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of [0, 1]) {
      await call('PUT', `/v1/models/${MODEL}/policy`, policy(50, side === 1 ? [{ version: 3, percent: 100 }] : []));
      const { requestsPerSecond, latencyMs, errors } = await run();
      if (errors > 0) throw new Error(`${errors} requests failed`);
      rates[side].push(requestsPerSecond);
      p99[side].push(latencyMs.p99);
    }
  }
  const after = await shadowSummary();
  return { rates, p99, sent: after.compared - before.compared, dropped: after.dropped - before.dropped };
}

async function shadowSummary() {
  const { shadows } = await call('GET', `/v1/models/${MODEL}/shadow`);
  return shadows.find(({ version }) => version === 3) ?? { compared: 0, dropped: 0 };
}

async function call(method, path, body) {
  const response = await fetch(server.url + path, {
    method,
    headers: { Authorization: `Bearer ${KEY}`, ...(body && { 'Content-Type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path} → ${response.status} ${answer.detail}`);
  return answer;
}

function mib(bytes) {
  return `${(bytes / MIB).toFixed(0)} MiB`;
}
