// Bodies that a schema does not describe: JSON structure, the framing of forms, answers of image servers, changes of policies.
// A finding is an answer that blames the server (500), no answer at all, or a probe that is late meanwhile.
import http from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { hostileForm } from './multipart.mjs';
import { hostileJson, mutated } from './json.mjs';
import { Random } from './random.mjs';

/** Other clients may wait so long for the server: far more than it takes, since what runs this may be busy itself. */
const PROBE_LIMIT_MS = 2_000;
/** A client that is still sending when it is refused may find the connection closed. */
const SURELY_ANSWERED_BYTES = 1_000_000;
const AT_ONCE = 8;

/** The more often, the more there is to get wrong. */
const KINDS = ['json', 'json', 'form', 'url', 'admin', 'admin', 'admin'];

const MODEL = 'resnet-cifar10';
const ADMIN = [
  ['PUT', `/v1/models/${MODEL}/policy`],
  ['PUT', `/v1/models/${MODEL}/aliases/fuzz`],
  ['POST', `/v1/models/${MODEL}/policy/rollback`],
  ['POST', `/v1/models/${MODEL}/versions/1/load`],
  ['POST', '/v1/registry/refresh'],
  ['DELETE', `/v1/models/${MODEL}/aliases/fuzz`],
];
const PREDICT = ['/v1/predict', '/v1/predict/batch', `/v1/models/${MODEL}/predict`];

/**
 * @param {object} options
 * @param {string} options.url of the server @param {string} options.imageHost one with odd answers, which it may fetch from
 * @param {string} options.key may do everything
 * @param {number} options.cases how many @param {number} options.seed
 * @param {string[]} [options.kinds] of json, form, url and admin
 * @returns {Promise<string[]>} what was found
 */
export async function fuzzHostile({ url, imageHost, key, cases, seed, kinds = KINDS }) {
  const random = new Random(seed);
  const image = readFileSync(join(root, 'samples/ship.png'));
  const findings = [];
  const counts = {};
  let latest = 0;
  let isOver = false;
  const probing = (async () => {
    while (!isOver) {
      const started = performance.now();
      await send(url, { method: 'GET', path: '/health/live', headers: {}, body: Buffer.alloc(0) });
      latest = Math.max(latest, performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();

  let next = 0;
  const worker = async () => {
    while (next < cases) {
      const index = next++;
      const question = makeCase(random, random.of(kinds), { image, imageHost, key });
      const { status, text } = await send(url, question);
      const counted = `${question.kind} ${status}`;
      counts[counted] = (counts[counted] ?? 0) + 1;
      const isLost = status === 0 && question.body.length < SURELY_ANSWERED_BYTES;
      if (status !== 500 && !isLost) continue;
      findings.push(`case ${index}: ${question.method} ${question.path} (${question.kind}) → ${status} ${text.slice(0, 300)}
  ${question.headers['Content-Type'] ?? ''} ${question.body.length} bytes: ${JSON.stringify(question.body.toString('latin1', 0, 300))}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  isOver = true;
  await probing;
  if (latest > PROBE_LIMIT_MS) findings.push(`/health/live took ${Math.round(latest)} ms`);
  const table = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
  console.log(table.map(([what, count]) => `${what.padEnd(20)} ${count}`).join('\n'));
  console.log(
    `${cases} hostile requests (seed ${seed}); the slowest probe took ${Math.round(latest)} ms; ${findings.length} findings`,
  );
  return findings;
}

function makeCase(random, kind, { image, imageHost, key }) {
  const json = { 'Content-Type': random.chance(0.95) ? 'application/json' : 'application/json; charset=utf-16' };
  switch (kind) {
    case 'json':
      return { kind, method: 'POST', path: random.of(PREDICT), headers: json, body: Buffer.from(hostileJson(random)) };
    case 'form': {
      const { type, body } = hostileForm(random, image);
      return { kind, method: 'POST', path: random.of(PREDICT), headers: { 'Content-Type': type }, body };
    }
    case 'url': {
      const link = `http://${imageHost}/${random.below(1e9)}`;
      const isBatch = random.chance(0.2);
      const body = isBatch ? { items: Array.from({ length: 5 }, () => ({ url: link })) } : { url: link };
      return {
        kind,
        method: 'POST',
        path: PREDICT[isBatch ? 1 : 0],
        headers: json,
        body: Buffer.from(JSON.stringify(body)),
      };
    }
    default: {
      const [method, path] = random.of(ADMIN);
      const headers = { ...json, Authorization: `Bearer ${key}` };
      if (random.chance(0.2)) headers['If-Match'] = random.of(['"1"', '*', '', '"x"', '1'.repeat(50)]);
      if (random.chance(0.05)) headers['Content-Encoding'] = 'gzip';
      return {
        kind,
        method,
        path,
        headers,
        body: Buffer.from(random.chance(0.5) ? policy(random) : hostileJson(random)),
      };
    }
  }
}

/** A policy that is nearly right. */
function policy(random) {
  const odd = () =>
    random.of([1, 2, 0, -1, 1.5, 1e300, '1', 'champion', '', null, true, [], {}, [null], { a: null }, '__proto__']);
  const usual = (right) => (random.chance(0.8) ? right : odd());
  const list = (make) => (random.chance(0.8) ? Array.from({ length: random.below(3) }, () => usual(make())) : odd());
  const variant = () => ({
    name: usual(random.of(['a', 'b'])),
    version: usual(random.below(3) + 1),
    weight: usual(50),
  });
  const shadow = () => ({ version: usual(3), percent: usual(10) });
  const guard = () => ({ variant: usual('b'), window_s: usual(60), min_requests: usual(10), max_error_rate: usual(0.1), max_p95_ratio: usual(2), steps: list(() => 50), step_s: usual(60) }); // prettier-ignore
  const body = {
    default: usual(2),
    aliases: usual({ champion: usual(2), [random.of(['a', '', 'A', '__proto__'])]: usual(1) }),
  };
  if (random.chance(0.6)) body.variants = list(variant);
  if (random.chance(0.4)) body.shadows = list(shadow);
  if (random.chance(0.4)) body.guard = usual(guard());
  if (random.chance(0.1)) body[random.of(['revision', 'x', 'constructor'])] = odd();
  const text = JSON.stringify(random.chance(0.1) ? { version: odd() } : body);
  return random.chance(0.1) ? mutated(random, text) : text;
}

/** @returns the status, 0 where there was no answer */
function send(url, { method, path, headers, body }) {
  return new Promise((resolve) => {
    const request = http.request(url + path, {
      method,
      agent: false,
      headers: { ...headers, 'Content-Length': body.length },
    });
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
      response.on('error', (error) => resolve({ status: 0, text: error.message }));
    });
    request.on('error', (error) => resolve({ status: 0, text: error.message }));
    request.setTimeout(60_000, () => request.destroy(new Error('no answer in 60 s')));
    request.end(body);
  });
}
