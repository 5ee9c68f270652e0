import Table from 'cli-table3';
import { describeSetting } from '../ceiling/ceiling.mjs';

/** Prints all results as tables for a terminal. */
export function printReport({ machine, models, startUp, cache, skipped }) {
  console.log(
    `${machine.cpu}, ${machine.cpus} CPUs; Node ${machine.node}, onnxruntime ${machine.onnxruntime}, sharp ${machine.sharp}`,
  );
  if (machine.loadAverage > 0.5) {
    console.log(`The machine was not idle: load average ${machine.loadAverage.toFixed(1)} before the start.`);
  }
  if (models.length > 0) {
    section('Ceiling: decode, preprocess and run, without a server (images/s)', CEILING_COLUMNS, models.flatMap(ceilingRows)); // prettier-ignore
    section('Server: uploads over HTTP', SERVER_COLUMNS, models.flatMap(serverRows));
  }
  if (startUp.length > 0) {
    section('Start of the process until ready', START_UP_COLUMNS, startUp.map(startUpRow));
  }
  if (cache.length > 0) {
    section('Answers from the cache', ['model', 'cached req/s', 'not cached req/s', 'ratio'], cache.map(cacheRow));
  }
  for (const { what, reason } of skipped) console.log(`${what}: skipped: ${reason}`);
}

const CEILING_COLUMNS = ['model', 'input', 'best setting', 'before', 'after', 'CPU time', 'one image alone'];
const SERVER_COLUMNS = [
  ...['model', 'input', 'load', 'req/s', '÷ ceiling', 'p50', 'p95', 'p99'],
  ...['CPUs', 'CPU time', 'RSS', 'batch', 'errors', 'p50 ÷ alone'],
];
const START_UP_COLUMNS = [
  'model',
  'listening after',
  'loading',
  'of it session',
  'warm-up',
  'ready after',
  'memory then',
];

function ceilingRows({ model, ceilings }) {
  return ceilings.map(({ input, setting, before, after, cpuMs, aloneMs }) => [
    model,
    input,
    describeSetting(setting),
    fixed(before, 1),
    fixed(after, 1),
    ms(cpuMs),
    aloneMs === undefined ? '' : ms(aloneMs),
  ]);
}

function serverRows({ model, version, runtime, rows }) {
  const { workers, threads, maxBatch } = runtime;
  const name = `${model} ${version} (${workers} × ${threads}, ≤ ${maxBatch})`;
  return rows.map((row) => [
    name,
    row.input,
    row.arrivalsPerSecond === undefined ? row.load : `${row.load}, ${row.arrivalsPerSecond}/s`,
    fixed(row.requestsPerSecond, 1),
    fixed(row.ofCeiling, 2),
    ...['p50', 'p95', 'p99'].map((key) => ms(row.latencyMs[key])),
    fixed(row.cpus, 2),
    ms(row.cpuMs),
    mb(row.rssBytes),
    fixed(row.meanBatch, 1),
    row.errors,
    fixed(row.p50OfAlone, 2),
  ]);
}

function startUpRow({ model, listeningMs, loadMs, sessionMs, warmUpMs, readyMs, rssBytes }) {
  return [model, ...[listeningMs, loadMs, sessionMs, warmUpMs, readyMs].map(ms), mb(rssBytes)];
}

function cacheRow({ model, cached, uncached, ratio }) {
  return [model, fixed(cached, 1), fixed(uncached, 1), fixed(ratio, 1)];
}

function section(title, head, rows) {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  console.log(`\n${title}\n${table.toString()}`);
}

function fixed(value, digits) {
  return value === undefined || value === null ? '' : value.toFixed(digits);
}

function ms(value) {
  if (value === undefined || value === null) return '';
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function mb(bytes) {
  return bytes === undefined || bytes === null ? '' : `${Math.round(bytes / 1e6)} MB`;
}
