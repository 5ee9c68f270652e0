// `npm run generate`: what is made of something else in the project. The variables' documentation, .env.example and the chart's schema
// are made of the class Config; the chart's and k8s/'s copies are of monitoring/ and the bundled model, since a chart is packed by itself
// and kustomize reads no file outside a folder. With --check, nothing is written and a difference is an error.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { format } from 'prettier';
import { parse, stringify } from 'yaml';
import { descriptorFiles } from './descriptors.mjs';
import { prepare, root } from './prepare.mjs';

const RULES = 'monitoring/prometheus/rules';
const DASHBOARD = 'monitoring/grafana/dashboards/eyrie.json';
const SCHEMA = 'helm/eyrie/values.schema.json';
const PAGE = 'docs/CONFIGURATION.md';

prepare();
const require = createRequire(import.meta.url);
const { Config } = require('../dist/apps/server/src/config.js');
const variables = require('../dist/apps/server/src/config-description.js').describeVariables(Config);

/** Every file that must be as it is made here, by its path. @returns Map<string, Buffer | string> */
async function generated() {
  const files = new Map();
  const rules = existsSync(join(root, RULES))
    ? readdirSync(join(root, RULES)).filter((name) => /\.yml$/.test(name))
    : [];
  for (const name of rules.sort()) files.set(`helm/eyrie/files/rules/${name}`, read(`${RULES}/${name}`));
  if (existsSync(join(root, DASHBOARD))) files.set('helm/eyrie/files/dashboards/eyrie.json', read(DASHBOARD));
  files.set('helm/eyrie/files/test/horse.jpg', read('model-registry/resnet-cifar10/2/golden/horse.jpg'));
  files.set('k8s/base/seed-registry.mjs', read('helm/eyrie/files/seed-registry.mjs'));
  files.set('k8s/components/monitoring/prometheusrule.yaml', prometheusRule(rules.sort()));
  files.set('docs/icon.svg', require('../dist/apps/server/src/console/icon.js').ICON_SVG);
  for (const [path, content] of descriptorFiles(root)) files.set(path, content);
  files.set(SCHEMA, schema());
  files.set('.env.example', envExample());
  files.set(PAGE, await format(configurationPage(), { parser: 'markdown', ...JSON.parse(read('.prettierrc.json')) }));
  return files;
}

/** The rules as an object of the Prometheus operator. */
function prometheusRule(names) {
  const groups = names.flatMap((name) => parse(read(`${RULES}/${name}`).toString()).groups);
  const rule = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' };
  return `# Made of ${RULES} by scripts/generate.mjs.\n${stringify(
    { ...rule, metadata: { name: 'eyrie' }, spec: { groups } },
    { lineWidth: 0, singleQuote: true },
  )}`;
}

/** The chart's schema, with the variables that it takes as `config`. */
function schema() {
  const json = JSON.parse(read(SCHEMA));
  const taken = variables.filter(({ outsideChart }) => !outsideChart);
  json.$defs.environment.properties = Object.fromEntries(taken.map((variable) => [variable.name, variable.schema]));
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** .env.example: every variable with its default, commented out. */
function envExample() {
  const settings = ([section, members]) =>
    `\n# ${section}\n${members.map((variable) => `#${variable.name}=${variable.default}\n`).join('')}`;
  return `# Copy to .env and take the # away from what you want to change. The values are the defaults.
# What each one means, and what it may be: docs/CONFIGURATION.md
${sections().map(settings).join('')}`;
}

/** docs/CONFIGURATION.md, with a table in the place of what follows each `<!-- variables: Section -->`. */
function configurationPage() {
  let page = read(PAGE).toString();
  for (const [section, members] of sections()) {
    const rows = members.map((variable) => {
      const fallback = variable.default ? `\`${variable.default}\`` : 'empty';
      return `| ${[`\`${variable.name}\``, fallback, variable.allowed, variable.meaning].join(' | ')} |\n`;
    });
    const [head, old] = new RegExp(`<!-- variables: ${section} -->\n\n((?:\\|.*\n)*)`).exec(page) ?? [];
    if (!head) throw new Error(`${PAGE} has no place for the variables of "${section}"`);
    const table = `| variable | default | allowed | meaning |\n| --- | --- | --- | --- |\n${rows.join('')}`;
    page = page.replace(head, () => head.slice(0, head.length - old.length) + table);
  }
  return page;
}

/** [section, its variables][], in the order of the class. */
function sections() {
  const all = new Map();
  for (const variable of variables) all.set(variable.section, [...(all.get(variable.section) ?? []), variable]);
  return [...all];
}

/** @returns the paths that are not as they should be, or should not be there */
export async function differences() {
  const files = await generated();
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
  const stale = await differences();
  if (process.argv.includes('--check')) {
    if (stale.length > 0) console.error(`not as it should be: ${stale.join(', ')}; npm run generate makes them anew`);
    process.exit(stale.length > 0 ? 1 : 0);
  }
  const files = await generated();
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
