// Lets schemathesis (https://schemathesis.io) loose on a running server: whatever it sends that fits /openapi.json, or
// just does not, must be answered as /openapi.json says, and never with a 5xx. Needs Python 3.10+ with venv, and PyPI.
// Then bodies that no schema describes, from scripts/fuzz/: none may be the server's fault, or keep a probe waiting.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EyrieServer } from './eyrie-server.mjs';
import { oddServer } from './fuzz/answers.mjs';
import { fuzzHostile } from './fuzz/hostile.mjs';
import { Random } from './fuzz/random.mjs';
import { prepare, root } from './prepare.mjs';
import { virtualEnvironment } from './virtual-environment.mjs';

const VERSION = '4.32.5';
/** FUZZ_SECONDS=0 leaves schemathesis out, FUZZ_CASES=0 the rest; FUZZ_KINDS=admin,json narrows it. */
const {
  FUZZ_SECONDS: SECONDS = '75',
  FUZZ_CASES: CASES = '1500',
  FUZZ_KINDS: KINDS,
  FUZZ_SEED: SEED = '1',
} = process.env;
const KEY = 'a-key-for-this-run-alone';

const schemathesis = SECONDS === '0' ? undefined : join(virtualEnvironment('schemathesis', VERSION), 'schemathesis');
prepare();
// It may change policies and unload versions: on a copy.
const registry = mkdtempSync(join(tmpdir(), 'eyrie-fuzz-'));
cpSync(join(root, 'model-registry'), registry, { recursive: true });
const images = await oddServer(new Random(Number(SEED)), readFileSync(join(root, 'samples/ship.png')));
const server = await EyrieServer.start({
  registry,
  env: {
    LOG_LEVEL: 'error',
    // A version that a policy no longer names would be let go of, and answer 503, as it should.
    LOAD: 'all',
    URL_ALLOWED_HOSTS: images.host,
    URL_TIMEOUT_MS: '1000',
    ADMIN_API_KEYS: createHash('sha256').update(KEY).digest('hex'),
  },
});
try {
  await untilReady();
  const schema = schemathesis === undefined ? 0 : fuzz();
  const findings = await fuzzHostile({
    ...{ url: server.url, imageHost: images.host, key: KEY },
    ...{ cases: Number(CASES), seed: Number(SEED), kinds: KINDS?.split(',') },
  });
  for (const finding of findings) console.error(finding);
  process.exitCode = findings.length > 0 ? 1 : schema;
} finally {
  images.close();
  await server.stop();
  rmSync(registry, { recursive: true, force: true });
}

function fuzz() {
  const args = [
    ...['run', `${server.url}/openapi.json`],
    ...['--header', `Authorization: Bearer ${KEY}`],
    // What has been unloaded answers 503, as it should: no sequences of requests either.
    ...['--exclude-operation-id', 'admin_unload', '--exclude-operation-id', 'repository_unload'],
    ...['--warnings', 'off', '--phases', 'examples,coverage,fuzzing'],
    // Whether a string is an image, and whether weights add up to 100, is beyond a schema.
    ...['--checks', 'all', '--exclude-checks', 'positive_data_acceptance'],
    ...['--max-examples', '20', '--max-time', SECONDS, '--seed', SEED, '--workers', '1'],
    ...['--request-timeout', '30', '--continue-on-failure'],
  ];
  return spawnSync(schemathesis, args, { cwd: tmpdir(), stdio: 'inherit' }).status ?? 1;
}

async function untilReady() {
  for (let i = 0; i < 600; i++) {
    const answer = await fetch(`${server.url}/v1/models`).catch(() => null);
    const { models } = answer?.ok ? await answer.json() : { models: [] };
    const versions = models.flatMap((model) => model.versions);
    if (versions.length > 0 && versions.every(({ state }) => state === 'READY')) return;
    await sleep(100);
  }
  throw new Error('the versions did not become ready');
}
