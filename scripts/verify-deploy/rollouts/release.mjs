// A release of the chart with a Rollout, as a user sees it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createNamespace } from '../cluster/admission.mjs';
import { quiet } from '../cluster/cluster.mjs';
import { isReady, livePods, sayReady } from '../cluster/readiness.mjs';
import { chart } from '../manifests.mjs';

const NAMESPACE = 'rollouts';
export const PODS = 5;
/** A fifth of the pods until somebody says that it goes on, and then more than half of them for a moment. */
const STEPS = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: { duration: '3s' } }];

export class Release {
  /** How many pods must be ready all the time. */
  least = 0;

  constructor(cluster, prometheusAddress) {
    this.cluster = cluster;
    const rollout = {
      ...{ enabled: true, prometheusAddress, steps: STEPS },
      // The machine may be slow, and it is not what is measured here.
      analysis: { interval: '2s', failureLimit: 2, maxLatencySeconds: 10 },
    };
    this.values = [
      ...['-n', NAMESPACE, '-f', join(chart, 'ci/rollout-values.yaml'), '--set', 'httpRoute.enabled=false'],
      ...['--set', `autoscaling.minReplicas=${PODS}`, '--set-json', `rollout=${JSON.stringify(rollout)}`],
    ];
    createNamespace(cluster, NAMESPACE);
  }

  /** @param revision what makes its pods differ from others @param command of Helm */
  async bring(revision, command = 'upgrade') {
    quiet(this.cluster.helm([command, 'eyrie', chart, ...this.values, '--set', `podAnnotations.revision=${revision}`]));
    await this.seen();
  }

  /** @param revision Helm's number of it */
  async rollback(revision) {
    quiet(this.cluster.helm(['rollback', 'eyrie', String(revision), '-n', NAMESPACE]));
    await this.seen();
  }

  /** Until then, the status says something of the time before. */
  seen() {
    return this.until('Argo Rollouts has seen the change', ({ metadata, status }) => {
      return status?.observedGeneration === String(metadata.generation);
    });
  }

  /** Waits for something of the Rollout, and says of every new pod that it is ready. */
  until(what, condition) {
    return this.cluster.until(what, () => {
      const pods = livePods(this.cluster, NAMESPACE);
      const ready = pods.filter(isReady).length;
      assert(ready >= this.least, `${what}: only ${ready} pods are ready meanwhile`);
      for (const pod of pods.filter((one) => !isReady(one))) sayReady(this.cluster, pod);
      return condition(this.rollout());
    });
  }

  async healthy(revision) {
    await this.until(`the Rollout is healthy, and has pods of revision ${revision} alone`, ({ status }) => {
      return status.phase === 'Healthy' && this.pods().length === PODS && this.pods(revision).length === PODS;
    });
    this.least = PODS;
    // What the chart's notes have the user wait by.
    const wait = ['wait', '--for=condition=Healthy', '--timeout=10s', 'rollout.argoproj.io/eyrie', '-n', NAMESPACE];
    quiet(this.cluster.kubectl(wait));
  }

  /** As `kubectl argo rollouts promote` does: past the pause of now. */
  promote() {
    const patch = ['--subresource=status', '--type=merge', '-p', '{"status":{"pauseConditions":null}}'];
    quiet(this.cluster.kubectl(['patch', 'rollout', 'eyrie', '-n', NAMESPACE, ...patch]));
  }

  rollout() {
    return this.cluster.list('rollouts', NAMESPACE)[0];
  }

  /** @returns the live pods, of a revision or all */
  pods(revision) {
    const all = livePods(this.cluster, NAMESPACE);
    return revision ? all.filter(({ metadata }) => metadata.annotations.revision === revision) : all;
  }

  /** The pods that a Service sends to. */
  servedBy(service) {
    const { spec } = this.cluster.list('services', NAMESPACE).find(({ metadata }) => metadata.name === service);
    const wanted = Object.entries(spec.selector);
    return this.pods().filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels[key] === value));
  }

  /** The newest analysis: its phase, and of every metric the phase and what was measured. */
  analysis() {
    const started = ({ metadata }) => metadata.creationTimestamp;
    const runs = this.cluster.list('analysisruns', NAMESPACE).sort((a, b) => started(a).localeCompare(started(b)));
    const { phase, metricResults = [] } = runs.at(-1)?.status ?? {};
    return { count: runs.length, phase, metrics: metricResults };
  }

  uninstall() {
    quiet(this.cluster.helm(['uninstall', 'eyrie', '-n', NAMESPACE]));
  }
}
