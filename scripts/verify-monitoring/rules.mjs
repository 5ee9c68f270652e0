// The project's own rules and dashboard, as data: to be asked one by one, and with shorter windows.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { root } from '../prepare.mjs';

const RULES = join(root, 'monitoring/prometheus/rules');
/** What hours and days become, so that a check takes seconds: long windows stay longer than short ones. */
const WINDOWS = {
  '5m': '10s',
  '15m': '60s',
  '30m': '15s',
  '1h': '20s',
  '2h': '20s',
  '6h': '25s',
  '1d': '30s',
  '3d': '30s',
};

const readRules = (file) => parse(readFileSync(join(RULES, file), 'utf8'));
const inOneLine = (expr) => expr.replace(/\s+/g, ' ').trim();

/** Every rule as it is: { name, expr }. */
export function expressions(file) {
  return readRules(file)
    .groups.flatMap(({ rules }) => rules)
    .map(({ alert, record, labels, expr }) => ({
      name: [alert ?? record, labels?.burn_rate].filter(Boolean).join(' '),
      expr: inOneLine(expr),
    }));
}

/**
 * The expression with comparisons that say 0 or 1 instead of leaving out what they do not hold for: so it has data
 * whenever what it looks at has.
 */
export function withoutFilter(expr) {
  return expr.replace(/\s(>=|<=|==|>|<)\s/g, ' $1 bool ');
}

/** Every query of every panel, and of the annotations, with the variables as they are when all is chosen. */
export function dashboardExpressions() {
  const dashboard = JSON.parse(readFileSync(join(root, 'monitoring/grafana/dashboards/eyrie.json'), 'utf8'));
  const fill = (expr) =>
    expr
      .replaceAll('$__rate_interval', '15s')
      .replaceAll('$job', '.*eyrie.*')
      .replaceAll(/\$(model|version)\b/g, '.*');
  return [
    ...dashboard.annotations.list.map(({ name, expr }) => ({ name: `annotation ${name}`, expr: fill(expr) })),
    ...dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ name: title, expr: fill(expr) })),
    ),
  ];
}

/** Writes prometheus.yml and the rules into a folder: the project's, with this target, and in a hurry. */
export function writeInHurry(folder, target) {
  mkdirSync(join(folder, 'rules'), { recursive: true });
  for (const file of ['recording.yml', 'alerts.yml']) {
    const { groups } = readRules(file);
    for (const rule of groups.flatMap(({ rules }) => rules)) {
      rule.expr = rule.expr.replace(/\[(\w+)\]/g, (_, window) => {
        if (!WINDOWS[window]) throw new Error(`${file} has a window of ${window}: add it to WINDOWS`);
        return `[${WINDOWS[window]}]`;
      });
      if (rule.for) rule.for = '3s';
    }
    writeFileSync(join(folder, 'rules', file), stringify({ groups }));
  }
  const config = parse(readFileSync(join(root, 'monitoring/prometheus/prometheus.yml'), 'utf8'));
  Object.assign(config.global, { scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '1s' });
  config.scrape_configs = config.scrape_configs.filter(({ job_name }) => job_name === 'eyrie');
  config.scrape_configs[0].static_configs = [{ targets: [target] }];
  const path = join(folder, 'prometheus.yml');
  writeFileSync(path, stringify(config));
  return path;
}

/** prometheus-kubernetes.yml with a plain target in place of the cluster, for a Prometheus built without Kubernetes. */
export function writeWithoutKubernetes(folder) {
  const config = parse(readFileSync(join(root, 'monitoring/prometheus/prometheus-kubernetes.yml'), 'utf8'));
  for (const job of config.scrape_configs) {
    delete job.kubernetes_sd_configs;
    job.static_configs = [{ targets: ['eyrie:8000'] }];
  }
  config.rule_files = [join(RULES, '*.yml')];
  const path = join(folder, 'prometheus-kubernetes.yml');
  writeFileSync(path, stringify(config));
  return path;
}
