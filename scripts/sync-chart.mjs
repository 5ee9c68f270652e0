// What the chart and k8s/ have from elsewhere in the project. Without an argument it is written anew; with --check, a
// difference is an error. A chart is packed by itself, and kustomize reads no file outside a folder: hence the copies.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { root } from './prepare.mjs';

const RULES = 'monitoring/prometheus/rules';
const DASHBOARD = 'monitoring/grafana/dashboards/eyrie.json';
const SCHEMA = 'helm/eyrie/values.schema.json';
/** Variables that the chart sets by itself, or that belong into a Secret. */
const NOT_IN_VALUES = new Set([
  ...['PORT', 'HOST', 'MODEL_REGISTRY', 'SHUTDOWN_DELAY_MS', 'SHUTDOWN_GRACE_MS'],
  ...['ADMIN_API_KEYS', 'PREDICT_API_KEYS', 'READ_API_KEYS'],
]);

/** Every file that must be as it is made here, by its path. @returns Map<string, Buffer | string> */
export function chartFiles() {
  const files = new Map();
  const rules = existsSync(join(root, RULES))
    ? readdirSync(join(root, RULES)).filter((name) => /\.yml$/.test(name))
    : [];
  for (const name of rules.sort()) files.set(`helm/eyrie/files/rules/${name}`, read(`${RULES}/${name}`));
  if (existsSync(join(root, DASHBOARD))) files.set('helm/eyrie/files/dashboards/eyrie.json', read(DASHBOARD));
  files.set('helm/eyrie/files/test/horse.jpg', read('model-registry/resnet-cifar10/2/golden/horse.jpg'));
  files.set('k8s/base/seed-registry.mjs', read('helm/eyrie/files/seed-registry.mjs'));
  files.set('k8s/components/monitoring/prometheusrule.yaml', prometheusRule(rules.sort()));
  files.set(SCHEMA, schema());
  return files;
}

/** The rules as an object of the Prometheus operator. */
function prometheusRule(names) {
  const groups = names.flatMap((name) => parse(read(`${RULES}/${name}`).toString()).groups);
  const rule = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' };
  return `# Made of ${RULES} by scripts/sync-chart.mjs.\n${stringify(
    { ...rule, metadata: { name: 'eyrie' }, spec: { groups } },
    { lineWidth: 0, singleQuote: true },
  )}`;
}

/** The chart's schema, with the variables that docs/CONFIGURATION.md lists, and what it says that they may be. */
function schema() {
  const rows = read('docs/CONFIGURATION.md')
    .toString()
    .matchAll(/^\| `([A-Z][A-Z0-9_]*)` *\| *.*? *\| *(.*?) *\|/gm);
  const json = JSON.parse(read(SCHEMA));
  json.$defs.environment.properties = Object.fromEntries(
    [...rows].filter(([, name]) => !NOT_IN_VALUES.has(name)).map(([, name, allowed]) => [name, valueOf(allowed)]),
  );
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** Of `1 to 1000`, `0 or more`, `` `a` or `b` ``, or anything else. An empty text counts as not set, as it does for the server. */
function valueOf(allowed) {
  const [, least, most] = /^(\d+) (?:to (\d+)|or more)$/.exec(allowed) ?? [];
  if (least) {
    const range = { minimum: Number(least), ...(most && { maximum: Number(most) }) };
    return {
      type: ['integer', 'string'],
      ...range,
      pattern: '^[0-9]*$',
      description: `a whole number: ${allowed}`,
    };
  }
  const choices = [...allowed.matchAll(/^`([^`]+)`|, `([^`]+)`| or `([^`]+)`$/g)].map(([, a, b, c]) => a ?? b ?? c);
  if (choices.length < 2) return { type: ['string', 'integer', 'boolean'] };
  const words = choices.includes('true') ? [true, false, ...choices] : choices;
  return { enum: [...words, ''], description: `one of: ${choices.join(', ')}` };
}

/** @returns the paths that are not as they should be, or should not be there */
export function differences() {
  const files = chartFiles();
  const different = [...files].filter(([path, content]) => {
    return !existsSync(join(root, path)) || !read(path).equals(Buffer.from(content));
  });
  return [...different.map(([path]) => path), ...left(files)];
}

/** Copies of what is no longer there. */
function left(files) {
  const folder = 'helm/eyrie/files/rules';
  const names = existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];
  return names.map((name) => `${folder}/${name}`).filter((path) => !files.has(path));
}

function read(path) {
  return readFileSync(join(root, path));
}

if (process.argv[1] === import.meta.filename) {
  const stale = differences();
  if (process.argv.includes('--check')) {
    if (stale.length > 0) console.error(`not as it should be: ${stale.join(', ')}; run node scripts/sync-chart.mjs`);
    process.exit(stale.length > 0 ? 1 : 0);
  }
  const files = chartFiles();
  for (const path of stale) {
    if (!files.has(path)) {
      rmSync(join(root, path));
      continue;
    }
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), files.get(path));
  }
  console.log(stale.length > 0 ? `written: ${stale.join(', ')}` : 'nothing has changed');
}
