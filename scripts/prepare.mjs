// Brings what `npm start` and `npm test` need up to date: dependencies and build. Uses nothing but Node. Called by itself with `--check`, it
// ends with 1 where something is not.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const OLDEST_NODE = [20, 19];

/**
 * Installs and builds whatever is missing or out of date; says so on stderr only when there is something to do.
 * @param {object} [options]
 * @param {boolean} [options.quiet] says nothing unless it fails
 */
export function prepare({ quiet = false } = {}) {
  checkNode();
  installIfStale(quiet);
  buildIfStale(quiet);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  fail(`Node ${OLDEST_NODE.join('.')} or newer is needed; this is ${process.version}`);
}

const INSTALLED = join(root, 'node_modules', '.eyrie-installed');
const BUILT = join(root, 'dist', '.eyrie-built');
/** What runs in Node, and what runs in browsers. */
const PROJECTS = ['tsconfig.build.json', 'apps/console/tsconfig.json'];

function installIfStale(quiet) {
  const wanted = installedFrom();
  if (isStamped(INSTALLED, wanted)) return;
  if (!quiet) console.error('Installing dependencies (npm ci) …');
  run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    quiet,
  });
  writeFileSync(INSTALLED, wanted);
}

/** Compiles the sources when one of them is not what the last build saw. */
export function buildIfStale(quiet = false) {
  const wanted = builtFrom();
  if (isStamped(BUILT, wanted)) return;
  if (!quiet) console.error('Building …');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  for (const project of PROJECTS) {
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], { quiet });
  }
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(BUILT, wanted);
}

function isStamped(stamp, wanted) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

function installedFrom() {
  return digest([join(root, 'package-lock.json')]) + process.version.split('.')[0];
}

function builtFrom() {
  return digest([
    ...['tsconfig.json', ...PROJECTS, 'package.json', 'package-lock.json'].map((f) => join(root, f)),
    ...sourceFiles(join(root, 'apps')),
    ...sourceFiles(join(root, 'libs')),
  ]);
}

function sourceFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('spec.ts'))
    .map((name) => join(folder, name))
    .sort();
}

function digest(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

/** Its output goes to stderr; with `quiet`, only when it fails. */
export function run(command, args, { quiet = false, ...options } = {}) {
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['inherit', 2, 'inherit'];
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, stdio, ...options });
  if (error) fail(`cannot run ${command}: ${error.message}`);
  if (status === 0) return;
  if (quiet) process.stderr.write(`${stdout}${stderr}`);
  fail(`${[command, ...args].join(' ')} failed`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes('--check')) {
  process.exit(isStamped(INSTALLED, installedFrom()) && isStamped(BUILT, builtFrom()) ? 0 : 1);
}
