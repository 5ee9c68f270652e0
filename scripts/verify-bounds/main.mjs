// Sends a running server everything that has ever held one up, and looks what it does to somebody else: how long its
// event loop stood still, how large it grew, whether an innocent client was answered. Prints a table. Linux tells all of
// it; elsewhere memory is not looked at. `--all` takes minutes, without it the quick half of the list.
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EyrieServer } from '../eyrie-server.mjs';
import { freePort } from '../free-ports.mjs';
import { prepare, root } from '../prepare.mjs';
import { connectionAttacks } from './attacks/connections.mjs';
import { frameAttacks } from './attacks/frames.mjs';
import { generated } from './attacks/generated.mjs';
import { jsonAttacks } from './attacks/json.mjs';
import { pictureAttacks } from './attacks/pictures.mjs';
import { tensorAttacks } from './attacks/tensors.mjs';
import { uploadAttacks } from './attacks/uploads.mjs';
import { hangingHost, urlAttacks } from './attacks/urls.mjs';
import { BOUNDS, CGROUP_BYTES, HEAP_MIB } from './bounds.mjs';
import { Innocent } from './innocent.mjs';
import { memoryCgroup } from './memory-cgroup.mjs';
import { peakMiB, resetPeak } from './memory.mjs';
import { writeTensorModels } from './models.mjs';
import { send } from './send.mjs';

/**
 * @typedef {object} Attack
 * @property {string} name
 * @property {boolean} [isBurst] whether it is of many connections, or requests on one, at once
 * @property {boolean} [inShort] whether it is part of the quick half
 * @property {(target: {url: string, key: string, picture: Buffer, host: string}) => Promise<(number | string)[]>} run resolves with the
 *   statuses of the answers; a text says that something went wrong
 */

const { values: options } = parseArgs({
  options: {
    all: { type: 'boolean' },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    requests: { type: 'string' },
  },
});
const KEY = 'a-key-for-this-run-alone';
/** What an attacker may be told, or do with its connection. 500 is none of it. */
const FINE = new Set([503, 504, 507, 'ECONNRESET', 'EPIPE', 'left', 'closed']);
/** After that a server counts as stuck. */
const PATIENCE_MS = 120_000;
const picture = readFileSync(join(root, 'samples/ship.png'));

prepare();
const folder = mkdtempSync(join(tmpdir(), 'eyrie-bounds-'));
const loopFile = join(folder, 'loop');
const registry = join(folder, 'registry');
writeFileSync(loopFile, '');
cpSync(join(root, 'model-registry'), registry, { recursive: true });
await writeTensorModels(registry);
const group = memoryCgroup(CGROUP_BYTES);
const hanging = await hangingHost();
const port = await freePort();
let server = await start();
const target = { url: server.url, key: KEY, picture, host: hanging.host };
const rows = [];
const innocent = new Innocent(server.url, picture);
try {
  console.log(
    group ? `in a memory cgroup of ${CGROUP_BYTES / 2 ** 20} MiB` : `no memory cgroup here: a heap of ${HEAP_MIB} MiB`,
  );
  await recover();
  await sleep(1000);
  for (const attack of chosen()) rows.push(await endure(attack));
} finally {
  await innocent.stop();
  const code = await server.stop();
  hanging.close();
  if (code !== 0) rows.push({ name: 'the end of the server', faults: [`exit code ${code}`] });
  if (group?.killed) rows.push({ name: 'memory', faults: [`the kernel has ended ${group.killed} processes`] });
  await group?.remove();
  rmSync(folder, { recursive: true, force: true });
}
const failed = rows.filter(({ faults }) => faults.length > 0);
console.log(`${rows.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** On a port of its own, always the same, so that it can be started again. */
function start() {
  return EyrieServer.start({
    registry,
    port,
    within: group?.within,
    nodeFlags: [
      `--import=${new URL('loop-watch.mjs', import.meta.url)}`,
      ...(group ? [] : [`--max-old-space-size=${HEAP_MIB}`]),
    ],
    env: {
      LOG_LEVEL: 'error',
      LOOP_WATCH_FILE: loopFile,
      URL_ALLOWED_HOSTS: hanging.host,
      ADMIN_API_KEYS: `bounds:${createHash('sha256').update(KEY).digest('hex')}`,
    },
  });
}

function chosen() {
  const requests = Number(options.requests ?? (options.all ? 5000 : 1000));
  const list = [
    ...jsonAttacks,
    ...connectionAttacks,
    ...frameAttacks,
    ...urlAttacks,
    ...pictureAttacks,
    ...tensorAttacks,
    ...uploadAttacks,
    generated(Number(options.seed), requests),
  ];
  return list.filter(({ name, inShort }) => (options.only ? name.includes(options.only) : options.all || inShort));
}

/** One attack, and what it did. */
async function endure({ name, run, isBurst = false }) {
  await innocent.report();
  writeFileSync(loopFile, '');
  resetPeak(server.pid);
  const started = performance.now();
  const answers = await run(target);
  const seconds = (performance.now() - started) / 1000;
  const recoveryMs = await recover();
  const seen = await innocent.report();
  const row = { name, isBurst, seconds, answers, recoveryMs, ...seen, ...loop(), memoryMiB: peakMiB(server.pid) };
  row.faults = faultsOf(row);
  if (!server.isRunning) {
    row.faults = [`the server has ended: ${await server.stop()}`];
    server = await start();
  }
  print(row);
  return row;
}

/** @returns how long it took until a prediction was answered, in ms */
async function recover() {
  const started = performance.now();
  const headers = { 'Content-Type': 'image/png', 'Content-Length': picture.length, 'Cache-Control': 'no-store' };
  for (;;) {
    const status = await send(`${target.url}/v1/predict`, { headers, body: picture });
    const ms = performance.now() - started;
    if (status === 200 || ms > PATIENCE_MS || !server.isRunning) return ms;
    await sleep(100);
  }
}

function loop() {
  const turns = readFileSync(loopFile, 'utf8')
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ').map(Number));
  const most = (column) => turns.reduce((max, turn) => Math.max(max, turn[column]), 0);
  return { lateMs: most(0), loopMs: most(1) };
}

function faultsOf({ isBurst, answers, recoveryMs, liveMs, liveFailures, statuses, loopMs, memoryMiB = 0 }) {
  const faults = [];
  const over = (what, value, bound) => value > bound && faults.push(`${what} ${Math.round(value)}, at most ${bound}`);
  over('ms of the event loop:', loopMs, isBurst ? BOUNDS.burstLoopMs : BOUNDS.loopMs);
  over('MiB of memory:', memoryMiB, BOUNDS.memoryMiB);
  over('ms for /health/live:', liveMs, BOUNDS.liveMs);
  over('ms until it predicts again:', recoveryMs, BOUNDS.recoveryMs);
  for (const answer of new Set(answers)) {
    if (!FINE.has(answer) && !(answer >= 200 && answer < 500)) faults.push(`answered ${answer}`);
  }
  if (liveFailures.length > 0) faults.push(`/health/live: ${[...new Set(liveFailures)].join(', ')}`);
  // An innocent client is served, or told when to come back; nothing else.
  for (const status of Object.keys(statuses))
    if (!['200', '503'].includes(status)) faults.push(`an innocent prediction: ${status}`);
  return faults;
}

function print({ name, seconds, answers, lateMs, loopMs, memoryMiB, liveMs, statuses, predictMs, faults }) {
  const counts = (list) =>
    Object.entries(Object.groupBy?.(list, String) ?? grouped(list)).map(([key, all]) => `${key}×${all.length}`);
  const sorted = predictMs.toSorted((a, b) => a - b);
  console.log(`${faults.length === 0 ? 'ok    ' : 'FAILED'}  ${name}`);
  console.log(
    `        ${seconds.toFixed(1)} s; answers ${counts(answers).join(' ') || 'none'}; loop ${Math.round(loopMs)} ms (late ${Math.round(lateMs)}), ` +
      `memory ${Math.round(memoryMiB ?? 0)} MiB, /health/live ${Math.round(liveMs)} ms, ` +
      `innocent ${
        Object.entries(statuses)
          .map(([status, n]) => `${status}×${n}`)
          .join(' ') || 'none'
      }` +
      (sorted.length > 0
        ? `, median ${Math.round(sorted[sorted.length >> 1])} ms, slowest ${Math.round(sorted.at(-1))} ms`
        : ''),
  );
  for (const fault of faults) console.log(`        ${fault}`);
}

function grouped(list) {
  const groups = {};
  for (const each of list) (groups[each] ??= []).push(each);
  return groups;
}
