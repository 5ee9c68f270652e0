// `npm run verify:monitoring`: a real Prometheus scrapes the real server, with the project's own rules and dashboard.
// What it needs beside Node: prometheus and promtool in PATH, or apt-get to fetch Debian's package; Linux.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../free-ports.mjs';
import { prepare, root } from '../prepare.mjs';
import { Checks, tool } from './checks.mjs';
import { incidents } from './incidents.mjs';
import { findPrometheus, Prometheus } from './prometheus.mjs';
import { dashboardExpressions, expressions, withoutFilter, writeInHurry, writeWithoutKubernetes } from './rules.mjs';
import { Server } from './server.mjs';

/** On two idle cores it takes about a quarter of this; on busy ones it is the machine that takes long. */
const SECONDS = 1200;
/** In which an alert must fire, or end. The longest window is 60 s then; a busy machine is slow. */
const PATIENCE_MS = 100_000;
const RANDOM_URLS = 2_000;
/** No series has come for so long: none is on its way. */
const SETTLED_MS = 5_000;
/** The SLO alert that a slow machine sets off by itself, without anything wrong with the server. */
const MACHINE_DEPENDENT = 'EyrieLatencyBudgetBurn';

prepare();
const { prometheus: binary, promtool } = findPrometheus();
const checks = new Checks();
const check = checks.check.bind(checks);
const folder = mkdtempSync(join(tmpdir(), 'eyrie-monitoring-'));
const [serverPort, prometheusPort] = await freePorts(2);
const server = new Server(folder, serverPort);
const prometheus = new Prometheus(binary, writeInHurry(folder, `127.0.0.1:${serverPort}`), folder, prometheusPort);
const outOfTime = setTimeout(() => void end(`not done after ${SECONDS} s`), SECONDS * 1000);
process.once('SIGINT', () => void end('interrupted'));
process.once('SIGTERM', () => void end('interrupted'));

try {
  await Promise.all([server.start(), prometheus.ready()]);
  await verify();
} catch (error) {
  checks.failed++;
  console.log(`FAILED  ${error.message}`);
}
await end();

async function verify() {
  await checkFiles();
  // They need a core for a while, and nothing of the rest.
  const ruleTests = checkRuleTests();
  const stop = server.load(3);
  // Everything that a panel shows has to happen once.
  const odd = setInterval(() => {
    void server.send('POST', '/v1/predict', 'no image', { 'Content-Type': 'image/png' });
    void server.send('GET', '/health/ready');
  }, 500);
  await sleep(12_000);
  await check('promtool check metrics has nothing to say about /metrics', async () => {
    const said = await tool(promtool, ['check', 'metrics'], { input: await server.metrics() });
    if (said.trim() !== '') throw new Error(said);
  });
  await checkExpressions('panel of the dashboard', panels());
  await check('no alert fires while nothing is wrong', async () => {
    const firing = (await prometheus.firing()).map(({ alertname }) => alertname);
    const wrong = firing.filter((name) => name !== MACHINE_DEPENDENT);
    if (wrong.length > 0) throw new Error(`these do: ${wrong.join(', ')}`);
    return firing.length > 0 ? `${MACHINE_DEPENDENT} does: this machine takes longer than 250 ms` : '';
  });
  for (const incident of incidents) await checkIncident(incident);
  await check('the annotation of the dashboard has data after a change of the traffic', () =>
    hasData(dashboardExpressions()[0].expr.replace('[1m]', '[5m]')),
  );
  clearInterval(odd);
  const statuses = await stop();
  await ruleTests;
  await check(`${RANDOM_URLS} random URLs make no new series`, checkCardinality);
  checks.note(`clients got these answers during all of it: ${JSON.stringify(statuses)}`);
  checks.note(
    'EyrieLatencyBudgetBurn, EyrieWorkersMissing, EyrieMemoryNearLimit, EyrieConfidenceDrop and EyrieGuardFailed',
  );
  checks.notes.push(
    `${checks.notes.pop()} are not provoked here: promtool's tests have a case that fires for each of them`,
  );
  checks.note('Grafana itself: the queries of its panels are asked of Prometheus, the page is not rendered');
}

async function checkFiles() {
  const path = (name) => join(root, 'monitoring/prometheus', name);
  const rules = ['recording.yml', 'alerts.yml'].map((name) => path(`rules/${name}`));
  await check('promtool check rules, with all of its lints', async () => {
    await tool(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', ...rules]);
  });
  await check('promtool check config prometheus.yml', async () => {
    await tool(promtool, ['check', 'config', '--lint-fatal', path('prometheus.yml')]);
  });
  await check('promtool check config prometheus-kubernetes.yml', async () => {
    const said = await tool(promtool, ['check', 'config', path('prometheus-kubernetes.yml')]).catch((error) => error);
    if (typeof said === 'string') return '';
    if (!said.message.includes('kubernetes_sd_configs not found')) throw said;
    await tool(promtool, ['check', 'config', writeWithoutKubernetes(folder)]);
    checks.note('kubernetes_sd_configs: this Prometheus is built without Kubernetes; the rest of the file was checked');
    return 'but for kubernetes_sd_configs';
  });
}

async function checkRuleTests() {
  const tests = join(root, 'monitoring/prometheus/tests');
  const files = readdirSync(tests).map((name) => join(tests, name));
  await check('promtool test rules', async () => {
    await tool('nice', [promtool, 'test', 'rules', ...files]);
    return `${files.length} files`;
  });
}

function panels() {
  return dashboardExpressions().filter(({ name }) => !name.startsWith('annotation'));
}

async function checkExpressions(what, all) {
  await check(`every ${what} has data`, async () => {
    const empty = [];
    for (const { name, expr } of all) await hasData(expr).catch((error) => empty.push(`${name}: ${error.message}`));
    if (empty.length > 0) throw new Error(empty.join('\n'));
    return `${all.length} expressions`;
  });
}

/** While there are errors: most alerts look at what there is only then. */
async function checkRulesHaveData() {
  await checkExpressions('recording rule', expressions('recording.yml'));
  const alerts = expressions('alerts.yml').map(({ name, expr }) => ({ name, expr: withoutFilter(expr) }));
  await checkExpressions('alert, its comparisons as 0 and 1,', alerts);
}

async function hasData(expr) {
  const samples = await prometheus.query(expr);
  if (samples.length === 0) throw new Error(`no data: ${expr}`);
  if (samples.every(({ value }) => value[1] === 'NaN')) throw new Error(`nothing but NaN: ${expr}`);
}

async function checkIncident(incident) {
  const names = incident.alerts.join(', ');
  const firing = async () => new Set((await prometheus.firing()).map(({ alertname }) => alertname));
  await check(`${incident.what}: ${names} fires`, async () => {
    const seen = new Set();
    await incident.provoke(server);
    await until(
      async () => {
        for (const name of await firing()) seen.add(name);
        return incident.alerts.every((name) => seen.has(name));
      },
      () => `only ${[...seen].join(', ') || 'nothing'} fired`,
    );
  });
  if (incident.makesErrors) await checkRulesHaveData();
  await check(`${incident.what}, mended: ${names} ends`, async () => {
    await incident.mend(server);
    let left = [];
    await until(
      async () => {
        const now = await firing();
        left = incident.alerts.filter((name) => now.has(name));
        return left.length === 0;
      },
      () => `${left.join(', ')} still fires`,
    );
  });
}

async function checkCardinality() {
  // Node's own have a series for each kind of handle or collection that it happens to see.
  const lines = async () => (await server.metrics()).split('\n').filter((line) => /^(?!#|nodejs_)./.test(line));
  const series = async () => new Set((await lines()).map((line) => line.slice(0, line.lastIndexOf(' '))));
  const random = () => Math.random().toString(36).slice(2);
  const paths = [
    () => `/${random()}`,
    () => `/v1/models/${random()}`,
    () => `/v1/predict?${random()}=${random()}`,
    () => `/docs/${random()}`,
  ];
  const visit = (i) => server.send('GET', paths[i % paths.length](), undefined, { 'X-Routing-Key': random() });
  // The first of each kind may have a series of its own: a route and a status that were not seen before.
  for (let i = 0; i < 8; i++) await visit(i);
  // The server has just started: what says how a worker fares comes with the worker.
  let before = await series();
  await until(
    async () => {
      const earlier = before;
      await sleep(SETTLED_MS);
      before = await series();
      return before.size === earlier.size;
    },
    () => 'there is always a new one, without any random URL',
  );
  let next = 0;
  const answered = {};
  const visitor = async () => {
    while (next < RANDOM_URLS) {
      const status = await visit(next++);
      answered[status] = (answered[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 32 }, visitor));
  const after = await series();
  const detail = `${before.size} before, ${after.size} after; answers ${JSON.stringify(answered)}`;
  if (answered[0]) throw new Error(`some were not answered: ${detail}`);
  const added = [...after].filter((one) => !before.has(one));
  if (added.length > 0) throw new Error(`${detail}; new: ${added.join(', ')}`);
  return detail;
}

async function until(condition, otherwise) {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`after ${PATIENCE_MS / 1000} s ${otherwise()}`);
    await sleep(500);
  }
}

/** Ends what was started here, and says how it went. */
async function end(reason) {
  clearTimeout(outOfTime);
  if (reason) {
    checks.failed++;
    console.log(`FAILED  ${reason}`);
  }
  await Promise.all([server.stop(), prometheus.stop()]);
  rmSync(folder, { recursive: true, force: true });
  process.exit(checks.report() ? 0 : 1);
}
