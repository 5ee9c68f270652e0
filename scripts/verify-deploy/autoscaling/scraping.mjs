// A Prometheus that scrapes the servers of pods as often as the ServiceMonitor has it done, with the labels that it has set.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePort } from '../../free-ports.mjs';
import { root } from '../../prepare.mjs';
import { findPrometheus, Prometheus } from '../../verify-monitoring/prometheus.mjs';

const MONITOR = join(root, 'k8s/components/monitoring/servicemonitor.yaml');

/** @returns a running Prometheus, which ends with the cluster, and `scrape`, which tells it what there is to scrape */
export async function startPrometheus(cluster) {
  const targets = join(cluster.folder, 'targets.json');
  writeFileSync(targets, '[]');
  const [{ interval, scrapeTimeout, path }] = parse(readFileSync(MONITOR, 'utf8')).spec.endpoints;
  const config = {
    global: { scrape_interval: interval, scrape_timeout: scrapeTimeout },
    scrape_configs: [{ job_name: 'eyrie', metrics_path: path, file_sd_configs: [{ files: [targets] }] }],
  };
  const file = join(cluster.folder, 'prometheus.yml');
  writeFileSync(file, stringify(config));
  const prometheus = new Prometheus(findPrometheus().prometheus, file, cluster.folder, await freePort());
  cluster.children.push(prometheus.child);
  await prometheus.ready();
  const scrape = (servers) => {
    const groups = servers.map(({ url, namespace, pod }) => ({
      targets: [new URL(url).host],
      labels: { namespace, pod },
    }));
    // In one piece: Prometheus reads it whenever it changes.
    writeFileSync(`${targets}.draft`, JSON.stringify(groups));
    renameSync(`${targets}.draft`, targets);
  };
  return { prometheus, scrape };
}
