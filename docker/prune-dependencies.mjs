// node prune-dependencies.mjs <node_modules> <os> <architecture>, both in Docker's words, as linux amd64
// Removes from installed packages what a server never opens: binaries of other platforms, type declarations, source
// maps, documentation, and second copies of the code for bundlers. Licences stay. Prints what that saved.
import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Node's words for Docker's architectures. */
const CPUS = { amd64: 'x64', arm64: 'arm64' };

const [folder, os, architecture] = process.argv.slice(2);
const cpu = CPUS[architecture];
if (!folder || !os || !cpu || !existsSync(folder)) {
  fail(`usage: node prune-dependencies.mjs <existing node_modules> <os, as linux> <${Object.keys(CPUS).join('|')}>`);
}

const ONNX_RUNTIME_BINARIES = join('onnxruntime-node', 'bin');
const NEVER_OPENED = [
  /\.(d\.[cm]?ts|[cm]?ts|map|tsbuildinfo|flow|markdown)$/,
  // Not LICENSE.md and the like: licences ask to stay with the code.
  /(^|\/)(readme|changelog|history|contributing|security|upgrading|migration)[^/]*\.md$/i,
  /(^|\/)\.(github|eslintrc|prettierrc|editorconfig|npmignore|travis|vscode|nycrc)[^/]*/,
];
/** Code that only bundlers pick, by package: Node takes `default` or `main`, which are elsewhere. */
const FOR_BUNDLERS = [
  [/^@opentelemetry\//, /^build\/(esm|esnext)\//],
  [/^class-validator$/, /^(bundles|esm5|esm2015)\//],
  [/^class-transformer$/, /^(bundles|esm5|esm2015)\//],
  [/^libphonenumber-js$/, /^bundle\//],
  [/^rxjs$/, /^(src|dist\/(bundles|esm|esm5|types))\//],
  [/^protobufjs$/, /^dist\//],
  // Of what browsers get, the server reads one file each.
  [/^preact$/, /^(src|compat|debug|devtools|jsx-runtime|test-utils|hooks\/src)\//],
  [/^uplot$/, /^dist\/uPlot\.(cjs|esm|iife)\.js$/],
];

/** Optional peers that npm installs although nothing asks for them when the server runs. */
const NOT_NEEDED = ['typescript', '.bin'];

const before = bytesIn(folder);
if (!existsSync(join(folder, 'onnxruntime-node'))) fail('onnxruntime-node is not installed');
for (const name of NOT_NEEDED) rmSync(join(folder, name), { recursive: true, force: true });
for (const file of filesIn(folder)) {
  if (isOtherPlatform(file) || isNeverOpened(file)) rmSync(join(folder, file));
}
removeEmptyFolders(folder);

const kept = filesIn(folder).filter((file) => file.includes(ONNX_RUNTIME_BINARIES + sep));
if (!kept.some((file) => file.endsWith('.node'))) fail(`onnxruntime-node has no binary for ${os} ${cpu}`);
console.log(`pruned ${folder}: ${mib(before)} MiB → ${mib(bytesIn(folder))} MiB`);

function isOtherPlatform(file) {
  const [, inside] = file.split(ONNX_RUNTIME_BINARIES + sep);
  // bin/napi-v6/<os>/<cpu>/…
  return inside !== undefined && !inside.split(sep).slice(1).join('/').startsWith(`${os}/${cpu}/`);
}

function isNeverOpened(file) {
  const { name, inside } = packageOf(file);
  if (NEVER_OPENED.some((pattern) => pattern.test(inside))) return true;
  return FOR_BUNDLERS.some(([packages, pattern]) => packages.test(name) && pattern.test(inside));
}

/** `a/node_modules/@b/c/d/e.js` → the package `@b/c`, inside it `d/e.js`. */
function packageOf(file) {
  const parts = file.split(sep);
  const start = parts.lastIndexOf('node_modules') + 1;
  const end = start + (parts[start].startsWith('@') ? 2 : 1);
  return { name: parts.slice(start, end).join('/'), inside: parts.slice(end).join('/') };
}

function filesIn(root) {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function removeEmptyFolders(root) {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const inner = join(root, entry.name);
    removeEmptyFolders(inner);
    if (readdirSync(inner).length === 0) rmdirSync(inner);
  }
}

function bytesIn(root) {
  return filesIn(root).reduce(
    (sum, file) => sum + (statSync(join(root, file), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

function mib(bytes) {
  return (bytes / 1024 / 1024).toFixed(1);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
