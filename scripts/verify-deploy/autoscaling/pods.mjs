// In a kubelet's place: for every pod of a namespace a real server on loopback. What is said of a pod is true of its server.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EyrieServer } from '../../eyrie-server.mjs';
import { root } from '../../prepare.mjs';

const MODEL = 'resnet-cifar10';
const VERSION = 2;
/** One image after the other, so that few clients are enough for a queue. */
const RUNTIME = { workers: 1, threads: 1, maxBatch: 1 };

/** Runs `use` with the pods of a namespace. @param changed is told of all that run, whenever there are others */
export async function withPods(cluster, namespace, changed, use) {
  const pods = new Pods(cluster, namespace, changed);
  const following = pods.follow();
  try {
    return await Promise.race([use(pods), following]);
  } finally {
    pods.over = true;
    await following.catch(() => {});
    await Promise.all([...pods.servers.values()].map((server) => server.stop()));
  }
}

class Pods {
  /** By the names of their pods. */
  servers = new Map();
  over = false;

  constructor(cluster, namespace, changed) {
    Object.assign(this, { cluster, namespace, changed });
    this.registry = join(cluster.folder, 'registry');
    writeRegistry(this.registry);
  }

  /** @throws Error when a server does not start */
  async follow() {
    for (; !this.over; await sleep(1000)) {
      const names = this.cluster
        .list('pods', this.namespace)
        .filter(({ metadata }) => !metadata.deletionTimestamp)
        .map(({ metadata }) => metadata.name);
      const gone = [...this.servers.keys()].filter((name) => !names.includes(name));
      const come = names.filter((name) => !this.servers.has(name));
      for (const name of gone) await this.end(name);
      for (const name of come) await this.begin(name);
      if (gone.length + come.length > 0) this.changed(this.all());
    }
  }

  all() {
    return [...this.servers].map(([pod, { url }]) => ({ pod, url, namespace: this.namespace }));
  }

  async begin(name) {
    // Without the cache of answers, which would spare the workers all but the first request of a client.
    const env = { LOG_LEVEL: 'error', CACHE_MAX_BYTES: '0' };
    this.servers.set(name, await EyrieServer.start({ registry: this.registry, env }));
    const now = new Date().toISOString();
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }] };
    const args = ['patch', 'pod', name, '-n', this.namespace, '--subresource=status', '-p', JSON.stringify({ status })];
    // The pod may have gone while its server started.
    this.cluster.kubectl(args);
  }

  async end(name) {
    const server = this.servers.get(name);
    this.servers.delete(name);
    await server.stop();
  }
}

/** The bundled model, of one version. */
function writeRegistry(registry) {
  const model = join(registry, MODEL);
  cpSync(join(root, 'model-registry', MODEL, String(VERSION)), join(model, String(VERSION)), { recursive: true });
  const manifest = join(model, String(VERSION), 'model.json');
  const { runtime, ...rest } = JSON.parse(readFileSync(manifest, 'utf8'));
  writeFileSync(manifest, JSON.stringify({ ...rest, runtime: { ...runtime, ...RUNTIME } }));
  const policy = { revision: 1, aliases: { champion: VERSION }, default: 'champion' };
  writeFileSync(join(model, 'policy.json'), JSON.stringify(policy));
}
