// The measured part of docs/PERFORMANCE.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from '../../scripts/prepare.mjs';
import { median } from '../measure/statistics.mjs';

const DOCUMENT = join(root, 'docs/PERFORMANCE.md');
const BEGIN = '<!-- measured: written by bench/compare.mjs -->';
const END = '<!-- measured: end -->';

/** Puts the results in place of the ones before. @param {object} results of compare.mjs */
export async function writeDocument(results) {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/PERFORMANCE.md has lost its marks "${BEGIN}" and "${END}"`);
  const measured = [...heading(results), ...results.models.flatMap(modelSection), ...leftOut(results)].join('\n');
  const whole = `${text.slice(0, begin)}${BEGIN}\n\n${measured}\n\n${text.slice(end)}`;
  writeFileSync(DOCUMENT, await format(whole, { ...(await resolveConfig(DOCUMENT)), filepath: DOCUMENT }));
}

function heading({ machine, how, sides }) {
  const busy = machine.loadAverage > 0.5 ? `; load average ${machine.loadAverage.toFixed(1)} before the start` : '';
  const cores = how.pinnedTo ? `cores ${how.pinnedTo.join(', ')} of ${machine.cpus}` : `${machine.cpus} cores`;
  const memory = Math.round(machine.memoryBytes / 1e9);
  return [
    `Measured on ${machine.started.slice(0, 10)} on ${machine.cpu}, ${cores}, ${memory} GB, ${machine.system}${busy}.`,
    `Load generator: autocannon ${machine.autocannon}, on the same machine. Rounds: ${how.rounds}, with ${how.seconds} s a row`,
    `after ${how.warmUpSeconds} s of warm-up; medians, in parentheses the lowest and the highest.`,
    '',
    '```console',
    `$ ${how.command}`,
    '```',
    '',
    ...table(
      ['side', 'made of'],
      sides.map(({ title, versions }) => [title, versions.join(', ')]),
    ),
  ];
}

function modelSection({ model, visits }) {
  const titles = [...new Set(visits.map(({ side }) => side))];
  if (titles.length === 0) return [];
  const loads = loadsOf(visits);
  const cell = (side, load, key) => spread(rowsOf(visits, side, load).map(key));
  const closed = loads.filter(({ rate }) => rate === undefined);
  const open = loads.find(({ rate }) => rate !== undefined);
  const main = closed[0].input;
  const latency = (side, load) => ['p50', 'p95', 'p99'].map((p) => mid(rowsOf(visits, side, load), p)).join(' / ');
  const busiest = closed.filter(({ input }) => input === main).at(-1);
  const firsts = (side, key) => spread(visits.filter((v) => v.side === side && v[key]).map((v) => v[key] / SCALE[key]));
  return [
    '',
    `### ${model}, ${main}`,
    '',
    'Requests per second, by connections:',
    '',
    ...table(
      ['side', ...closed.map((load) => (load.input === main ? `${load.connections}` : `${load.input}, ${load.connections}`))], // prettier-ignore
      titles.map((side) => [side, ...closed.map((load) => cell(side, load, (row) => row.requestsPerSecond))]),
    ),
    '',
    ...ratios(visits, titles, closed),
    '',
    'p50 / p95 / p99 in milliseconds:',
    '',
    ...table(
      [
        'side',
        ...closed.map((load) => (load.input === main ? `${load.connections}` : `${load.input}, ${load.connections}`)),
        ...(open ? [`open loop, ${open.rate}/s`] : []),
      ],
      titles.map((side) => [side, ...[...closed, ...(open ? [open] : [])].map((load) => latency(side, load))]),
    ),
    '',
    `What it takes, CPUs and memory at ${busiest.connections} connections; memory is the sum over all processes:`,
    '',
    ...table(
      ['side', 'CPUs', 'memory, MB', 'memory when ready, MB', 'ready after, s', 'errors'],
      titles.map((side) => [
        side,
        cell(side, busiest, (row) => row.cpus),
        cell(side, busiest, (row) => row.rssBytes / 1e6),
        firsts(side, 'readyRssBytes'),
        firsts(side, 'readyMs'),
        visits.filter((v) => v.side === side).flatMap((v) => v.rows).reduce((sum, { errors }) => sum + errors, 0), // prettier-ignore
      ]),
    ),
    '',
  ];
}

const SCALE = { readyMs: 1000, readyRssBytes: 1e6 };

/** How Eyrie stands to the best of the others, load by load; below 1 it loses. */
function ratios(visits, titles, loads) {
  const [own] = titles;
  const others = titles.filter((title) => !title.startsWith(own));
  if (others.length === 0) return [];
  const throughput = (side, load) => median(rowsOf(visits, side, load).map((row) => row.requestsPerSecond)) ?? 0;
  const rows = loads.map((load) => {
    const best = others.reduce((a, b) => (throughput(b, load) > throughput(a, load) ? b : a));
    const ratio = throughput(own, load) / throughput(best, load);
    return [`${load.input}, ${load.connections}`, best, ratio.toFixed(2)];
  });
  return table(['load', 'fastest of the others', `${own} ÷ it`], rows);
}

function leftOut({ skipped }) {
  if (skipped.length === 0) return [];
  return ['Not measured:', '', ...skipped.map(({ what, reason }) => `- ${what}: ${reason}`), ''];
}

/** All kinds of rows that there are, in the order in which they were first measured. */
function loadsOf(visits) {
  const loads = new Map();
  for (const { input, connections, arrivalsPerSecond: rate } of visits.flatMap(({ rows }) => rows)) {
    loads.set(`${input}/${connections}/${rate}`, { input, connections, rate });
  }
  return [...loads.values()];
}

function rowsOf(visits, side, { input, connections, rate }) {
  return visits
    .filter((visit) => visit.side === side)
    .flatMap(({ rows }) => rows)
    .filter((row) => row.input === input && row.connections === connections && row.arrivalsPerSecond === rate);
}

function mid(rows, p) {
  const values = rows.map(({ latencyMs }) => latencyMs[p]).filter((value) => value !== null);
  return values.length === 0 ? '–' : short(median(values));
}

function spread(values) {
  const known = values.filter((value) => value !== null && !Number.isNaN(value));
  if (known.length === 0) return '–';
  const middle = short(median(known));
  return known.length === 1 ? middle : `${middle} (${short(Math.min(...known))}–${short(Math.max(...known))})`;
}

/** Three digits, or all of a larger number. */
function short(value) {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}

function table(head, rows) {
  const line = (row) => `| ${row.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}
