// `npm run verify:clients`: makes clients of a running server's /openapi.json, as its users do, and has each send pictures, read
// models and be refused; the classes must be the right ones, and refusals typed. Needs Python 3.10+ with venv, PyPI and npm's registry.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { EyrieServer } from '../eyrie-server.mjs';
import { prepare, root, run } from '../prepare.mjs';
import { virtualEnvironment } from '../virtual-environment.mjs';

const PYTHON_CLIENT = '0.29.1';
const OPENAPI_TYPESCRIPT = '7.13.0';
const OPENAPI_FETCH = '0.17.0';
/** openapi-typescript knows none that is newer. */
const TYPESCRIPT = '5.9.3';
const MODEL = 'resnet-cifar10';
const registry = join(root, 'model-registry');
const samples = join(root, 'samples');

/** What each program must be told; `samples/` says in its files' names what is in them. */
const EXPECTED = [
  { what: 'a form', label: 'ship', count: 2 },
  { what: 'base64', label: 'cat' },
  { what: 'the bytes', label: 'ship' },
  { what: 'a batch by form', labels: ['ship', 'cat'] },
  { what: 'a batch as JSON', label: 'ship', error: 'INVALID_IMAGE' },
  { what: 'the model', model: MODEL, version: 2, state: 'READY' },
  { what: 'the models', names: modelNames() },
  { what: 'no such model', status: 404, code: 'MODEL_NOT_FOUND' },
  { what: 'no picture', status: 400, code: 'INVALID_IMAGE' },
];

prepare();
const folder = mkdtempSync(join(tmpdir(), 'eyrie-clients-'));
const server = await EyrieServer.start({ registry, env: { LOG_LEVEL: 'error' } });
let failed = 0;
try {
  const description = join(folder, 'openapi.json');
  writeFileSync(description, await (await fetch(`${server.url}/openapi.json`)).text());
  check(`openapi-python-client ${PYTHON_CLIENT}`, () => python(description));
  check(`openapi-typescript ${OPENAPI_TYPESCRIPT} with openapi-fetch ${OPENAPI_FETCH}`, () => typescript(description));
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

function check(name, ask) {
  const since = performance.now();
  const problems = compare(ask);
  failed += problems.length > 0 ? 1 : 0;
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'}  ${name}: ${EXPECTED.length} questions, ${seconds} s`);
  for (const problem of problems) console.log(`        ${problem}`);
}

/** @returns what is not as it must be */
function compare(ask) {
  let answers;
  try {
    answers = ask();
  } catch (error) {
    return [error.message];
  }
  return EXPECTED.filter((wanted) => !answers.some((answer) => isDeepStrictEqual(answer, wanted))).map((wanted) => {
    const given = answers.find(({ what }) => what === wanted.what);
    return `expected ${JSON.stringify(wanted)}, got ${JSON.stringify(given)}`;
  });
}

function python(description) {
  // It formats by ruff where there is one: that takes longer than all the rest, and nobody reads this one.
  const bin = virtualEnvironment('openapi-python-client', PYTHON_CLIENT);
  const target = join(folder, 'python/eyrie_client');
  mkdirSync(join(target, '..'));
  const config = join(folder, 'python/config.yml');
  // It knows no CSV, and docs/API.md says so: with this it sends one as the bytes that it is.
  writeFileSync(config, 'post_hooks: []\ncontent_type_overrides:\n  text/csv: application/octet-stream\n');
  const into = ['--output-path', target, '--meta', 'none', '--config', config];
  output(join(bin, 'openapi-python-client'), ['generate', '--path', description, ...into, '--fail-on-warning']);
  const program = join(import.meta.dirname, 'client.py');
  return lines(output(join(bin, 'python'), [program, server.url, join(target, '..'), samples, MODEL]));
}

function typescript(description) {
  const tools = nodePackages(`openapi-typescript-${OPENAPI_TYPESCRIPT}`, [
    `openapi-typescript@${OPENAPI_TYPESCRIPT}`,
    `openapi-fetch@${OPENAPI_FETCH}`,
    `typescript@${TYPESCRIPT}`,
  ]);
  const target = join(folder, 'typescript');
  mkdirSync(target);
  symlinkSync(join(tools, 'node_modules'), join(target, 'node_modules'), 'junction');
  symlinkSync(join(root, 'node_modules/@types'), join(target, 'types'), 'junction');
  cpSync(join(import.meta.dirname, 'client.mts'), join(target, 'client.mts'));
  const tool = (name) => join(tools, 'node_modules', name);
  output(process.execPath, [tool('openapi-typescript/bin/cli.js'), description, '--output', join(target, 'api.ts')]);
  const options = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--skipLibCheck'];
  const types = ['--types', 'node', '--typeRoots', join(target, 'types')];
  output(process.execPath, [tool('typescript/bin/tsc'), ...options, ...types, 'client.mts'], target);
  return lines(output(process.execPath, [join(target, 'client.mjs'), server.url, samples, MODEL]));
}

/** Packages of npm's registry below .cache, installed the first time. @returns their folder */
function nodePackages(name, packages) {
  const at = join(root, '.cache', name);
  if (existsSync(join(at, 'node_modules'))) return at;
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'package.json'), '{}');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  run(npm, ['install', '--prefix', at, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...packages]);
  return at;
}

/** @returns what a program printed @throws Error with all of that when it failed */
function output(program, args, cwd = folder) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with ${status}: ${error ?? `${stdout}${stderr}`}`);
  return stdout;
}

function lines(text) {
  return text.trim().split('\n').map(JSON.parse);
}

function modelNames() {
  const folders = readdirSync(registry, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('.'))
    .sort();
}
