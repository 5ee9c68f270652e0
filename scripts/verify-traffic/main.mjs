// Walks a new version from its ONNX file to everyone and back, as docs/TRAFFIC.md does, under constant load: a real
// server, its real command line, and clients of whom none may see an error. Needs nothing but Node.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare, root } from '../prepare.mjs';
import { ConstantLoad, countVariants } from './clients.mjs';
import { startServer } from './server.mjs';

const MODEL = 'resnet-cifar10';
const CLIENTS = 16;
const STICKY_REQUESTS = 10_000;
/** Short, so that the walk takes minutes; the latency of a busy machine says little about two versions. */
const GUARD = ['--steps', '50,100', '--step-seconds', '4', '--window-seconds', '15', '--min-requests', '50'];
const LENIENT = ['--max-p95-ratio', '50'];

let passed = 0;
let failed = 0;
const say = (text) => console.log(text);
function check(what, holds, detail = '') {
  if (holds) passed++;
  else failed++;
  say(`${holds ? 'ok    ' : 'FAILED'}  ${what}${detail === '' ? '' : `: ${detail}`}`);
}

prepare();
const folder = mkdtempSync(join(tmpdir(), 'eyrie-traffic-'));
const registry = join(folder, 'registry');
cpSync(join(root, 'model-registry'), registry, { recursive: true });
// The new version: version 3's network once more, as a file that somebody brings.
const onnx = join(registry, MODEL, '3/model.onnx');
const labels = join(registry, MODEL, '3/labels.txt');

const server = await startServer(registry);
const load = new ConstantLoad(server.url, CLIENTS);
try {
  load.start();
  await addVersion(4, labels);
  await shadow(4);
  await sticky(4);
  await promote(4);
  await breakOne(5);
  await rollBack();
} catch (error) {
  check('the walk goes on', false, error.stack);
} finally {
  const { answered, failures } = await load.stop();
  check('no client saw an error', failures.length === 0 && answered > 0, `${failures.length} of ${answered} failed`);
  for (const failure of failures.slice(0, 5)) say(`        ${failure}`);
  const code = await server.stop();
  check('the server ends when it is told to', code === 0, `exit code ${code}`);
  rmSync(folder, { recursive: true, force: true });
}
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function addVersion(version, labelsFile) {
  await server.eyrie(
    ...['models', 'add', onnx, '--name', MODEL, '--version', version, '--labels', labelsFile],
    ...['--preset', 'cifar10', '--registry', registry],
  );
  await server.call('POST', '/v1/registry/refresh');
  const { versions } = await server.call('GET', `/v1/models/${MODEL}`);
  check(`version ${version} is added to the running server`, versions.at(-1).version === version);
}

async function shadow(version) {
  await withPolicy((policy) => ({ ...policy, shadows: [{ version, percent: 100 }] }));
  const summary = await server.until('the shadow has compared 100 answers', async () => {
    const { shadows } = await server.call('GET', `/v1/models/${MODEL}/shadow`);
    const one = shadows.find((each) => each.version === version);
    return one?.compared >= 100 ? one : undefined;
  });
  const share = (summary.agreed / summary.compared).toFixed(3);
  check(
    `version ${version} agrees in the shadow`,
    summary.agreed >= 0.9 * summary.compared,
    `${share} of ${summary.compared}`,
  );
  await withPolicy((policy) => ({ ...policy, shadows: [] }));
}

async function sticky(version) {
  await server.eyrie('canary', 'start', MODEL, '--version', version, '--weight', 10, '--no-guard');
  const first = await countVariants(server.url, STICKY_REQUESTS, CLIENTS);
  const share = (first.filter((variant) => variant === 'canary').length / first.length) * 100;
  check(
    `${STICKY_REQUESTS} keys: 10 % ± 1 get the canary`,
    first.length === STICKY_REQUESTS && Math.abs(share - 10) <= 1,
    `${share.toFixed(2)} %`,
  );
  const again = await countVariants(server.url, STICKY_REQUESTS / 10, CLIENTS);
  check(
    'the same keys get the same variant',
    again.every((variant, i) => variant === first[i]),
  );
  await server.eyrie('canary', 'abort', MODEL);
}

async function promote(version) {
  await server.eyrie('canary', 'start', MODEL, '--version', version, '--weight', 10, ...GUARD, ...LENIENT);
  const event = await server.event(MODEL, 'canary-completed');
  check('the guard takes a healthy canary to 100 %', true, event.detail);
  await server.eyrie('canary', 'promote', MODEL);
  check(`everybody gets version ${version}`, (await answeredBy()) === version);
}

/** Its labels are one off, so that nothing fails and every answer is wrong. */
async function breakOne(version) {
  const names = readFileSync(labels, 'utf8').trim().split('\n');
  const wrong = join(folder, 'labels.txt');
  writeFileSync(wrong, [...names.slice(1), names[0]].join('\n') + '\n');
  await addVersion(version, wrong);
  await withPolicy((policy) => ({ ...policy, shadows: [{ version, percent: 100 }] }));
  const started = performance.now();
  const guard = [...GUARD, ...LENIENT, '--max-disagreement', '0.2'];
  await server.eyrie('canary', 'start', MODEL, '--version', version, '--weight', 10, ...guard);
  const event = await server.event(MODEL, 'canary-rolled-back');
  const seconds = (performance.now() - started) / 1000;
  check(
    'the guard takes a broken canary back within its window',
    seconds < 15,
    `${seconds.toFixed(1)} s, ${event.detail}`,
  );
  const { variants } = await server.call('GET', `/v1/models/${MODEL}/policy`);
  check('its weight is 0', variants.find(({ name }) => name === 'canary').weight === 0);
  await server.eyrie('canary', 'abort', MODEL);
}

async function rollBack() {
  await server.eyrie('alias', 'set', MODEL, 'champion', 2);
  check('everybody gets version 2', (await answeredBy()) === 2);
  await server.eyrie('policy', 'rollback', MODEL);
  check('a rollback brings the policy before back', (await answeredBy()) === 4);
}

async function withPolicy(edit) {
  const path = `/v1/models/${MODEL}/policy`;
  const policy = await server.call('GET', path);
  await server.call('PUT', path, edit(policy), { 'If-Match': `"${policy.revision}"` });
}

async function answeredBy() {
  return (await server.predict()).model.version;
}
