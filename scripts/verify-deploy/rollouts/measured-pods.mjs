// What is measured of pods that do not run: real servers stand in for them, and a real Prometheus finds these as it would find the
// pods, by the project's own configuration.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePort, freePorts } from '../../free-ports.mjs';
import { root } from '../../prepare.mjs';
import { findPrometheus, Prometheus } from '../../verify-monitoring/prometheus.mjs';
import { Server } from '../../verify-monitoring/server.mjs';

/** Runs `use` with no pods yet; whatever happens, no server and no Prometheus is left. */
export async function withMeasuredPods(use) {
  const measured = new MeasuredPods();
  // A process that is ended does not come to its `finally`.
  const endNow = () => measured.endNow();
  process.on('exit', endNow);
  try {
    await measured.start();
    return await use(measured);
  } finally {
    await measured.stop();
    process.off('exit', endNow);
  }
}

class MeasuredPods {
  folder = mkdtempSync(join(tmpdir(), 'eyrie-measured-'));
  servers = [];
  loads = [];
  targets = [];

  async start() {
    const [port] = await freePorts(1);
    this.writeTargets();
    this.prometheus = new Prometheus(findPrometheus().prometheus, this.writeConfiguration(), this.folder, port);
    this.url = this.prometheus.url;
    await this.prometheus.ready();
  }

  /** Starts a server in a pod's place, which Prometheus then finds. */
  async add(pod) {
    const { name } = pod.metadata;
    mkdirSync(join(this.folder, name));
    const server = new Server(join(this.folder, name), await freePort());
    this.servers.push(server);
    await server.start();
    this.targets.push({ targets: [`127.0.0.1:${server.port}`], labels: discovered(pod) });
    this.writeTargets();
    return server;
  }

  /** So many clients send to a server until the end, or until what this returns is called. */
  load(server, clients) {
    const stop = server.load(clients, '/v1/predict?version=2');
    this.loads.push(stop);
    return stop;
  }

  /** The project's, with a file in place of the cluster's answer to who is there. */
  writeConfiguration() {
    const config = parse(readFileSync(join(root, 'monitoring/prometheus/prometheus-kubernetes.yml'), 'utf8'));
    Object.assign(config.global, { scrape_interval: '2s', scrape_timeout: '2s' });
    delete config.rule_files;
    for (const job of config.scrape_configs) {
      delete job.kubernetes_sd_configs;
      job.file_sd_configs = [{ files: [join(this.folder, 'targets.json')], refresh_interval: '1s' }];
    }
    const path = join(this.folder, 'prometheus.yml');
    writeFileSync(path, stringify(config));
    return path;
  }

  writeTargets() {
    writeFileSync(join(this.folder, 'targets.json'), JSON.stringify(this.targets));
  }

  async stop() {
    await Promise.all(this.loads.map((stop) => stop()));
    await Promise.all([...this.servers, this.prometheus].map((one) => one?.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  endNow() {
    for (const one of [...this.servers, this.prometheus]) one?.child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What Prometheus' discovery says of a pod's port: the labels that the project's relabelling goes by. */
function discovered({ metadata, spec }) {
  const labels = Object.entries(metadata.labels).map(([name, value]) => [`pod_label_${sanitized(name)}`, value]);
  const all = {
    ...{ namespace: metadata.namespace, pod_name: metadata.name, pod_phase: 'Running', pod_node_name: '' },
    ...{ pod_container_port_name: spec.containers[0].ports[0].name, ...Object.fromEntries(labels) },
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`__meta_kubernetes_${name}`, value]));
}

function sanitized(name) {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_');
}
