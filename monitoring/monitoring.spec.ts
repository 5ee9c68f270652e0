import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { request } from '#testing/http';
import { temporaryRegistry, type TemporaryFolder } from '#testing/registry';
import { startServer, type TestServer } from '#testing/server';

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

interface RuleTest {
  alert_rule_test: { alertname: string; exp_alerts: { exp_labels: Record<string, string> }[] }[];
}

interface Panel {
  id: number;
  type: string;
  title: string;
  description: string;
  targets?: { expr: string; datasource: { uid: string } }[];
}

const read = (path: string): string => readFileSync(join(__dirname, path), 'utf8');
const rulesOf = (file: string): Rule[] =>
  (parse(read(`prometheus/rules/${file}`)) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);

const recorded = rulesOf('recording.yml');
const alerts = rulesOf('alerts.yml');
const runbooks = readFileSync(join(__dirname, '../docs/RUNBOOKS.md'), 'utf8');
const sections = [...runbooks.matchAll(/^## (\w+)$/gm)].map(([, title]) => title!);
const dashboard = JSON.parse(read('grafana/dashboards/eyrie.json')) as { panels: Panel[] };
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

describe('alerts', () => {
  it.each(alerts.map((rule) => [rule.alert!, rule.labels?.burn_rate ?? '', rule] as const))(
    '%s %s says how bad it is, what it is, and where to read on',
    (name, _, { labels, annotations }) => {
      expect(['critical', 'warning']).toContain(labels?.severity);
      expect(annotations?.summary).toMatch(/^\S.{10,}/);
      expect(annotations?.runbook_url).toBe(`docs/RUNBOOKS.md#${name.toLowerCase()}`);
      expect(sections).toContain(name);
    },
  );

  it('are what the runbooks are about', () => {
    expect(new Set(alerts.map(({ alert }) => alert))).toEqual(new Set(sections));
  });

  const cases = readdirSync(join(__dirname, 'prometheus/tests')).flatMap((file) =>
    (parse(read(`prometheus/tests/${file}`)) as { tests: RuleTest[] }).tests.flatMap((test) => test.alert_rule_test),
  );

  it.each(alerts.map((rule) => [rule.alert!, rule.labels?.burn_rate ?? '', rule] as const))(
    '%s %s has a case in which it fires and one in which it does not',
    (name, _, { labels }) => {
      const own = cases.filter(({ alertname }) => alertname === name);
      const fires = ({ exp_alerts }: (typeof own)[number]): boolean =>
        exp_alerts.some(({ exp_labels }) => Object.entries(labels!).every(([key, value]) => exp_labels[key] === value));
      expect(own.filter(fires)).not.toEqual([]);
      expect(own.filter(({ exp_alerts }) => exp_alerts.length === 0)).not.toEqual([]);
    },
  );
});

describe('the dashboard', () => {
  it('is what its code makes', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(__dirname, 'grafana/dashboard.mjs'), '--check']);
    expect(stderr.toString()).toBe('');
    expect(status).toBe(0);
  });

  it('has panels that explain themselves, each with an id of its own, all on the data source that is chosen', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { title, description, targets } of panels) {
      expect([title, description]).toEqual([title, expect.stringMatching(/^\S.{5,}/)]);
      for (const { datasource } of targets!) expect(datasource.uid).toBe('${datasource}');
    }
  });
});

describe('expressions', () => {
  let registry: TemporaryFolder;
  let server: TestServer;
  let text: string;
  beforeAll(async () => {
    registry = temporaryRegistry({});
    server = await startServer({ MODEL_REGISTRY: registry.path });
    ({ text } = await request(`${server.url}/metrics`));
    await request(`${server.url}/metrics`).then((again) => (text += again.text));
  });
  afterAll(async () => {
    await server.stop();
    registry.remove();
  });

  /** All series names that there are: the server's, Prometheus' own, and the recorded ones. */
  function known(): Set<string> {
    const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, kind]) =>
      kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name!],
    );
    return new Set([...names, 'up', ...recorded.map(({ record }) => record!)]);
  }

  it.each([
    ['recorded', recorded.map(({ record, expr }) => [record!, expr] as const)],
    ['alerts', alerts.map(({ alert, expr }) => [alert!, expr] as const)],
    ['panels', panels.flatMap(({ title, targets }) => targets!.map(({ expr }) => [title, expr] as const))],
  ])('of %s use metrics that there are', (_, expressions) => {
    const names = known();
    for (const [where, expr] of expressions) {
      const used = metricsIn(expr);
      expect([where, used.length]).not.toEqual([where, 0]);
      expect([where, used.filter((name) => !names.has(name))]).toEqual([where, []]);
    }
  });

  it('of the latency objective use a bucket that there is', () => {
    expect(JSON.stringify(recorded)).toContain('le=\\"0.25\\"');
    expect(text).toMatch(/^http_request_duration_seconds_bucket\{le="0\.25",/m);
  });
});

/** The names in a PromQL expression that are neither functions, keywords nor labels. */
function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replace(/\b(?:by|on|without|ignoring)\s*\([^)]*\)/g, ' ');
  const words = bare.match(/[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()/g) ?? [];
  return words.filter(
    (word) => !['and', 'or', 'unless', 'by', 'bool'].includes(word) && !/^(sum|max|min|avg|topk)$/.test(word),
  );
}
