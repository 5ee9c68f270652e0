// A release of the chart with a canary, the load on it, and what its autoscaler says and does.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { quiet } from '../cluster/cluster.mjs';
import { chart } from '../manifests.mjs';

const LOAD = fileURLToPath(new URL('load.mjs', import.meta.url));
/** All but the one that is served wait: too many for one pod, and not too many for two. */
const CLIENTS = 16;
const PATIENCE_MS = 180_000;
const LOGS = ['kube-controller-manager', 'prometheus-adapter'];

/** Down in half a minute rather than in five. Prometheus loses pods one after the other, within 15 s, and not all of them is less. */
const QUICKLY = { stabilizationWindowSeconds: 30, policies: [{ type: 'Pods', value: 1, periodSeconds: 15 }] };
const VALUES = {
  httpRoute: { enabled: true, parentRefs: [{ name: 'gateway' }] },
  canary: { enabled: true },
};

export class Release {
  constructor(cluster, namespace, pods, prometheus) {
    Object.assign(this, { cluster, namespace, pods, prometheus });
  }

  /** @param verb of Helm @param autoscaling the chart's values of that name */
  helm(verb, autoscaling) {
    const values = { ...VALUES, autoscaling: { ...autoscaling, behavior: { scaleDown: QUICKLY } } };
    const flags = Object.entries(values).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);
    quiet(this.cluster.helm([verb, 'eyrie', chart, '-n', this.namespace, ...flags]));
  }

  /** The pod of a track that was there first. */
  first(track) {
    return this.pods.all().find(({ pod }) => pod.startsWith('eyrie-canary-') === (track === 'canary'));
  }

  /** Keeps that pod busy, until `rest`. */
  load(track) {
    const { url } = this.first(track);
    this.clients = fork(LOAD, [url, CLIENTS], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  }

  rest() {
    if (this.clients?.connected) this.clients.disconnect();
  }

  /** Until Prometheus has scraped so many pods, and lately no others. */
  scraped(count) {
    return this.until(`Prometheus has scraped ${count} pods`, async () => {
      const samples = await this.prometheus.query('sum by (pod) (inference_queue_depth)');
      return samples.length === count;
    });
  }

  /** Until Prometheus says of a track's first pod that this holds for how many requests wait there. */
  waiting(track, holds) {
    const query = `sum(inference_queue_depth{pod="${this.first(track).pod}"})`;
    return this.until(`${holds} in the pod of ${track}`, async () => {
      const [sample] = await this.prometheus.query(query);
      return sample && holds(Number(sample.value[1]));
    });
  }

  autoscaler() {
    const [autoscaler] = this.cluster.list('horizontalpodautoscalers', this.namespace);
    return autoscaler;
  }

  /** How many requests wait in each pod, as the autoscaler says; undefined while it does not know. */
  said() {
    const metrics = this.autoscaler()?.status.currentMetrics ?? [];
    const [metric] = metrics.map(({ pods, external }) => pods ?? external).filter(Boolean);
    return quantity(metric?.current.averageValue);
  }

  /** Whether the autoscaler says that it can do its work. */
  isActive() {
    const { conditions = [] } = this.autoscaler().status;
    return conditions.some(({ type, status }) => type === 'ScalingActive' && status === 'True');
  }

  /** Until this holds for what the autoscaler says. @returns what it said */
  async says(holds) {
    await this.until(`the autoscaler says ${holds}`, () => holds(this.said()));
    return this.said();
  }

  replicas() {
    const { spec } = this.cluster.list('deployments', this.namespace).find(({ metadata }) => metadata.name === 'eyrie');
    return spec.replicas;
  }

  /** @returns after how many seconds as many pods as that were wanted */
  async becomes(count) {
    const since = performance.now();
    await this.until(`${count} pods are wanted`, () => this.replicas() === count);
    return Math.round((performance.now() - since) / 1000);
  }

  async stays(count, seconds) {
    for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(1000)) {
      assert.equal(this.replicas(), count, JSON.stringify(this.autoscaler().status));
    }
  }

  async until(what, look) {
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(500)) {
      if (await look()) return;
      if (this.cluster.children.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)) break;
    }
    const logs = LOGS.map((name) => this.cluster.lastLines(name)).filter(Boolean);
    throw new Error(`never came true: ${what}\n${JSON.stringify(this.autoscaler()?.status)}\n${logs.join('\n')}`);
  }
}

/** Of Kubernetes' notation what comes up here: whole ones, and thousandths. */
function quantity(text) {
  return text?.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : text === undefined ? undefined : Number(text);
}
