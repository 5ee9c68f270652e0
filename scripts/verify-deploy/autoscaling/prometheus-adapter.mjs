// prometheus-adapter with the rule that users get, and nothing else.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { freePort } from '../../free-ports.mjs';
import { root } from '../../prepare.mjs';
import { goTool } from '../tools.mjs';
import { register, servingFlags, startBeside } from './aggregated.mjs';

const VALUES = join(root, 'k8s/components/queue-metric/adapter-values.yaml');
const API = 'custom.metrics.k8s.io/v1beta1';

/** @param prometheus its address; it must have the metric already, or it would be a minute until the adapter looks again */
export async function startPrometheusAdapter(cluster, prometheus) {
  const { custom } = parse(readFileSync(VALUES, 'utf8')).rules;
  const config = join(cluster.folder, 'prometheus-adapter.yaml');
  writeFileSync(config, JSON.stringify({ rules: custom }));
  const port = await freePort();
  startBeside(cluster, 'prometheus-adapter', await goTool('prometheus-adapter'), [
    ...[`--prometheus-url=${prometheus}`, `--config=${config}`],
    // As its chart has it.
    '--metrics-relist-interval=1m',
    ...[...servingFlags(cluster, port), `--cert-dir=${join(cluster.folder, 'prometheus-adapter')}`],
  ]);
  await register(cluster, API, { namespace: 'monitoring', service: 'prometheus-adapter', port });
}

/** What the adapter says of the pods of a namespace, as the autoscaler asks it. @returns a count for each name of a pod */
export function requestsWaiting(cluster, namespace) {
  const path = `/apis/${API}/namespaces/${namespace}/pods/*/eyrie_requests_waiting`;
  const { status, stdout, stderr } = cluster.kubectl(['get', '--raw', path]);
  if (status !== 0) throw new Error(`${path}: ${stderr}`);
  const { items } = JSON.parse(stdout);
  return Object.fromEntries(items.map(({ describedObject, value }) => [describedObject.name, value]));
}
